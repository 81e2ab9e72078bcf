import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { api, ask } from "@/lib/api";
import { clock, money, percent, time } from "@/lib/format";
import { say, t } from "@/lib/i18n";
import { Channel } from "@/ui/Channel";
import { Anchor, Modal } from "@/ui/controls";
import { Loaded } from "@/ui/State";
import type { Recipient } from "../campaign";
import { addressOf } from "./address";

type Option = { channel: string; reason?: string; cost?: number; score?: number };

/** Why one person got it so, or did not: what was decided, what else there was, and each attempt. */
export function Why(props: { one: Recipient | undefined; name?: string; onClose: () => void }) {
  const { one } = props;
  return (
    <Modal
      opened={one !== undefined}
      onClose={props.onClose}
      size="lg"
      title={one && t("campaigns.why_of", { name: props.name ?? t("campaigns.person_n", { n: one.person }) })}
    >
      {one && <Told notification={one.notification} person={one.person} />}
    </Modal>
  );
}

function Told({ notification, person }: { notification: string; person: string }) {
  const query = useQuery({
    queryKey: ["notifications", notification],
    queryFn: () => ask(api.GET("/api/v1/notifications/{notification}", { params: { path: { notification } } })),
  });
  return (
    <Loaded query={query} rows={4}>
      {(found) => {
        const { decision } = found;
        const options = optionsOf(decision?.options);
        return (
          <div className="fields">
            <dl className="facts">
              <dt>{t("campaigns.outcome")}</dt>
              <dd>
                {say(`campaigns.outcome.${found.state}`, found.state)}
                {found.reason && `: ${say(`campaigns.reason.${found.reason}`, found.reason)}`}
              </dd>
              <dt>{t("campaigns.because")}</dt>
              <dd>{textOf(decision?.because) || "–"}</dd>
              <dt>{t("campaigns.decided")}</dt>
              <dd className="num">{time(textOf(decision?.at) || found.created_at)}</dd>
            </dl>
            {options.length > 0 && (
              <section>
                <h3>{t("campaigns.options")}</h3>
                <ul className="plain options">
                  {options.map((one) => (
                    <li key={one.channel}>
                      <Channel name={one.channel} />
                      <span className="soft num">
                        {one.reason
                          ? say(`campaigns.reason.${one.reason}`, one.reason)
                          : [
                              one.score !== undefined && t("campaigns.answers", { share: percent(one.score) }),
                              one.cost !== undefined && money(one.cost),
                            ]
                              .filter(Boolean)
                              .join(" · ")}
                      </span>
                    </li>
                  ))}
                </ul>
              </section>
            )}
            {found.deliveries.length > 0 && (
              <section>
                <h3>{t("campaigns.attempts")}</h3>
                <ol className="plain options">
                  {found.deliveries.map((one) => (
                    <li key={one.id}>
                      <Channel name={one.channel} />
                      <span>
                        {addressOf(one.channel, one.address)}
                        <small className="soft block">
                          {[
                            say(`campaigns.delivery.${one.state}`, one.state),
                            one.failure && say(`campaigns.failure.${one.failure}`, one.failure),
                            one.code,
                            one.handed_at && clock(one.handed_at),
                            one.opened_at && t("campaigns.opened_at", { at: clock(one.opened_at) }),
                            one.clicked_at && t("campaigns.clicked_at", { at: clock(one.clicked_at) }),
                          ]
                            .filter(Boolean)
                            .join(" · ")}
                        </small>
                      </span>
                    </li>
                  ))}
                </ol>
              </section>
            )}
            <Anchor component={Link} to={`/people/id:${person}`} size="sm">
              {t("campaigns.person.open")}
            </Anchor>
          </div>
        );
      }}
    </Loaded>
  );
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");
const numberOf = (value: unknown): number | undefined => (typeof value === "number" ? value : undefined);

function optionsOf(found: unknown): Option[] {
  if (!Array.isArray(found)) return [];
  return found.flatMap((one: unknown): Option[] => {
    if (typeof one !== "object" || one === null) return [];
    const of: Record<string, unknown> = { ...one };
    const channel = textOf(of.channel);
    if (!channel) return [];
    return [{ channel, reason: textOf(of.reason) || undefined, cost: numberOf(of.cost), score: numberOf(of.score) }];
  });
}
