import { lazy, Suspense, useState } from "react";
import { api, ask } from "@/lib/api";
import { useChange } from "@/lib/change";
import { day, percent } from "@/lib/format";
import { say, t } from "@/lib/i18n";
import { useMay } from "@/lib/session";
import { Channel } from "@/ui/Channel";
import { Menu } from "@/ui/controls";
import { MoreMenu } from "@/ui/IconButton";
import { Mark, type Tone } from "@/ui/Mark";
import { Panel } from "@/ui/Page";
import type { Address, PersonPage } from "./people";

const Suppress = lazy(() => import("./Suppress"));
const TONES: Record<string, Tone> = { active: "good", soft: "warn", dead: "bad", unknown: "calm" };

/** Where they can be reached, how well that works, and how much of it happens on a telephone. */
export function Addresses(props: { who: string; page: PersonPage }) {
  const { page } = props;
  const { share, on_mobile, on_other } = page.mobile;
  const aside =
    share === null || share === undefined ? undefined : (
      <span className="soft small num">
        {t("people.mobile", { share: percent(share), n: on_mobile, all: on_mobile + on_other })}
      </span>
    );
  return (
    <Panel title={t("people.addresses")} aside={aside}>
      {page.addresses.length ? (
        <ul className="rows">
          {page.addresses.map((one) => (
            <Line key={`${one.channel} ${one.value}`} who={props.who} one={one} />
          ))}
        </ul>
      ) : (
        <p className="soft none">{t("people.addresses.none")}</p>
      )}
    </Panel>
  );
}

const DEVICE_CHARS = 6;

function Line({ who, one }: { who: string; one: Address }) {
  const [asking, setAsking] = useState(false);
  const mayWrite = useMay("people.write");
  const restore = useRestore(who);
  const out = one.opt_out;
  return (
    <li>
      <Channel name={one.channel} bare />
      <div className="grows">
        <div className="cut" title={one.value}>
          {shownAs(one)}
        </div>
        <div className="small soft facts">
          {out ? (
            <Mark tone="bad">{t(out.scope === "marketing" ? "people.opted_out.marketing" : "people.opted_out")}</Mark>
          ) : (
            <Mark tone={TONES[one.state] ?? "calm"}>{say(`people.address.${one.state}`, one.state)}</Mark>
          )}
          {out ? (
            <span>{`${say(`people.how.${out.how}`, out.how)}, ${day(out.at)}`}</span>
          ) : (
            <>
              {one.succeeded_at && <span>{t("people.address.arrived", { day: day(one.succeeded_at) })}</span>}
              {one.failed_at && one.state !== "active" && (
                <span>{t("people.address.failed", { day: day(one.failed_at) })}</span>
              )}
              {typeof one.mobile_share === "number" && (
                <span className="num">{t("people.address.mobile", { share: percent(one.mobile_share) })}</span>
              )}
            </>
          )}
        </div>
      </div>
      {mayWrite && (
        <MoreMenu label={t("people.address.acts", { value: shownAs(one) })}>
          {out ? (
            <Menu.Item onClick={() => void restore.run(one)}>{t("people.restore")}</Menu.Item>
          ) : (
            <Menu.Item onClick={() => setAsking(true)}>{t("people.suppress")}</Menu.Item>
          )}
        </MoreMenu>
      )}
      <Suspense>{asking && <Suppress who={who} one={one} onClose={() => setAsking(false)} />}</Suspense>
    </li>
  );
}

/** What a push goes to is a long address that says nothing: a device, by the end of it. */
const shownAs = (one: Address): string =>
  one.channel === "push" ? `${t("people.kind.device")} …${one.value.slice(-DEVICE_CHARS)}` : one.value;

/** Shown at once; "Undo" puts the opt-out back as it was. */
function useRestore(who: string) {
  const params = { path: { who } };
  const wish = (one: Address) => ({
    channel: one.channel,
    value: one.value,
    reason: t("people.restore.reason"),
    scope: one.opt_out?.scope ?? ("everything" as const),
  });
  const back = useChange({
    key: ["person", who],
    act: (one: Address) => ask(api.POST("/api/v1/people/{who}/suppress", { params, body: wish(one) })),
  });
  return useChange({
    key: ["person", who],
    act: (one: Address) => ask(api.POST("/api/v1/people/{who}/restore", { params, body: wish(one) })),
    now: (before: PersonPage, one) => ({
      ...before,
      addresses: before.addresses.map((each) =>
        each.channel === one.channel && each.value === one.value ? { ...each, opt_out: null } : each,
      ),
    }),
    said: (one) => t("people.restored", { value: one.value }),
    undo: (_, one) => back.run(one),
  });
}
