import { IconDeviceDesktop, IconDeviceMobile } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { api, ask } from "@/lib/api";
import { list as listed, time } from "@/lib/format";
import { say, t, tn } from "@/lib/i18n";
import type { components } from "@/lib/schema";
import { Button } from "@/ui/controls";
import { Mark } from "@/ui/Mark";
import { Loaded } from "@/ui/State";
import { done } from "@/ui/toast";
import { When } from "@/ui/When";
import { useProved } from "./prove";

type Session = components["schemas"]["SessionView"];
const SESSIONS = ["sessions"];

/** Which device, where and when; ended one by one, or all but this, by whoever shows that they are who they are. */
export function Sessions() {
  const query = useQuery({ queryKey: SESSIONS, queryFn: () => ask(api.GET("/api/v1/me/sessions")) });
  const client = useQueryClient();
  const proved = useProved();
  const end = async (one: Session) => {
    const path = { session: one.id };
    const gone = await proved.run(async () => {
      await ask(api.DELETE("/api/v1/me/sessions/{session}", { params: { path } }));
      return true;
    });
    if (gone) done(t("access.session.ended", { client: inWords(one.client) }));
    await client.invalidateQueries({ queryKey: SESSIONS });
  };
  const endOthers = async () => {
    const answer = await proved.run(() => ask(api.DELETE("/api/v1/me/sessions")));
    if (answer) done(tn("access.sessions.ended", answer.ended));
    await client.invalidateQueries({ queryKey: SESSIONS });
  };
  return (
    <>
      <Loaded query={query} rows={2} height={44}>
        {({ sessions }) => (
          <>
            <ul className="rows">
              {sessions.map((one) => (
                <Row key={one.id} one={one} onEnd={() => void end(one)} />
              ))}
            </ul>
            {sessions.length > 1 && (
              <div className="part-acts">
                <Button variant="default" onClick={() => void endOthers()}>
                  {t("access.sessions.end")}
                </Button>
              </div>
            )}
          </>
        )}
      </Loaded>
      {proved.dialog}
    </>
  );
}

/** `Firefox on Linux`, as the server keeps it, in the language of the page. */
function inWords(client: string): string {
  const [browser = client, system] = client.split(" on ");
  return system ? t("access.client", { browser, system }) : client;
}

function Row({ one, onEnd }: { one: Session; onEnd: () => void }) {
  const Icon = /Android|iPhone|iPad/.test(one.client) ? IconDeviceMobile : IconDeviceDesktop;
  const factors = one.factors.map((factor) => say(`access.factor.${factor}`, factor));
  return (
    <li>
      <Icon size={20} aria-hidden className="soft" />
      <div>
        <strong>{inWords(one.client)}</strong>
        <span className="soft small">
          {[one.address, factors.length > 0 && t("access.session.by", { factors: listed(factors) })]
            .filter(Boolean)
            .join(" · ")}
        </span>
        <span className="soft small">{t("access.session.since", { time: time(one.created_at) })}</span>
      </div>
      <div className="row-acts">
        {one.current ? (
          <Mark tone="good">{t("access.session.current")}</Mark>
        ) : (
          <>
            <span className="soft small">
              <When wall at={one.seen_at} />
            </span>
            <Button
              variant="default"
              size="xs"
              aria-label={t("access.session.end_of", { client: inWords(one.client) })}
              onClick={onEnd}
            >
              {t("access.session.end")}
            </Button>
          </>
        )}
      </div>
    </li>
  );
}
