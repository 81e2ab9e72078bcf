import { money, number, percent, span, time } from "@/lib/format";
import { say, t, tn } from "@/lib/i18n";
import { useMay } from "@/lib/session";
import { Progress } from "@/ui/controls";
import { Panel } from "@/ui/Page";
import { Table } from "@/ui/Table";
import { Copied } from "../Copied";
import type { Account, Detail } from "./account";
import type { LiveDetail } from "./Provider";
import { SendTest } from "./SendTest";

/** How it stands this minute, and a test of it. */
export function Now(props: { detail: Detail; live: LiveDetail | undefined }) {
  const { provider } = props.detail;
  const mayWrite = useMay("providers.write");
  return (
    <div className="stack">
      <Resting account={provider} live={props.live} />
      <Figures account={provider} live={props.live} />
      {provider.callback_url && (
        <Panel title={t("provider.webhook")}>
          <p className="soft settings-about" style={{ marginTop: 0 }}>
            {t("provider.webhook.text")}
          </p>
          <Copied label={t("provider.webhook")} text={provider.callback_url} />
        </Panel>
      )}
      {provider.sends && mayWrite && <SendTest account={provider} />}
      <Errors account={provider} />
      <WarmingUp account={provider} />
      <Receivers live={props.live} />
    </div>
  );
}

/** Why it is not used now, and until when. */
function Resting(props: { account: Account; live: LiveDetail | undefined }) {
  const { account, live } = props;
  const reason = live?.reason ?? account.reason;
  const until = live ? live.paused_until : account.standing?.paused_until;
  if (!account.enabled) return <p className="panel quiet-note">{t("provider.off.text")}</p>;
  if (!reason || (!until && account.up)) return null;
  return (
    <div className="panel quiet-note" role="status">
      <strong>{until ? t("provider.rests", { until: time(until) }) : t("provider.unwell")}</strong>
      <p className="raw">{reason}</p>
    </div>
  );
}

function Figures(props: { account: Account; live: LiveDetail | undefined }) {
  const { account, live } = props;
  const standing = account.standing;
  const perSecond = live ? live.per_second : account.per_second;
  const all: [string, string, string?][] = account.sends
    ? [
        [t("provider.health"), percent(live?.health ?? account.health), account.health_why],
        [
          t("provider.hour"),
          number(standing?.accepted_hour ?? 0),
          t("provider.minute", { n: number(standing?.accepted ?? 0) }),
        ],
        [t("provider.delivered"), number(standing?.delivered ?? 0), t("provider.last_hour")],
        [
          t("provider.pace"),
          perSecond ? t("provider.per_second", { n: number(perSecond) }) : t("provider.unlimited"),
          account.silence_s ? t("provider.silence", { span: span(account.silence_s) }) : "",
        ],
        [
          t("provider.connections"),
          number(standing?.connections ?? 0),
          tn("provider.processes", standing?.processes ?? 0),
        ],
        [t("provider.cost"), account.unit_cost ? money(account.unit_cost) : "–", t("provider.each")],
      ]
    : [[t("provider.listeners"), number(standing?.listeners ?? 0), t("provider.brings")]];
  return (
    <dl className="grid figures" style={{ "--min": "150px", gap: 12 } as React.CSSProperties}>
      {all.map(([title, value, under]) => (
        <div key={title} className="panel">
          <dt className="soft">{title}</dt>
          <dd className="figure">{value}</dd>
          <dd className="soft">{under || "\u00a0"}</dd>
        </div>
      ))}
    </dl>
  );
}

function Errors({ account }: { account: Account }) {
  const errors = Object.entries(account.standing?.errors ?? {});
  if (!errors.length) return null;
  return (
    <Panel title={t("provider.errors.title")}>
      <Table
        label={t("provider.errors.title")}
        rows={errors}
        id={([kind]) => kind}
        columns={[
          { key: "kind", title: t("provider.errors.kind"), cell: ([kind]) => say(`provider.error.${kind}`, kind) },
          { key: "n", title: t("provider.errors"), cell: ([, n]) => number(n), right: true },
        ]}
      />
    </Panel>
  );
}

function WarmingUp({ account }: { account: Account }) {
  const warm = account.standing?.warm_up;
  if (!warm) return null;
  const says = t("provider.warming", { day: warm.day, days: warm.days, limit: number(warm.limit) });
  return (
    <Panel title={t("provider.warm_up")}>
      <p style={{ marginTop: 0 }}>{says}</p>
      <Progress value={(warm.day / warm.days) * 100} aria-label={says} />
      {warm.receiver && (
        <p className="soft">
          {t("provider.warming.most", { receiver: warm.receiver, n: number(warm.used_most), all: number(warm.used) })}
        </p>
      )}
    </Panel>
  );
}

function Receivers({ live }: { live: LiveDetail | undefined }) {
  const found = Object.entries(live?.receivers ?? {}).sort((a, b) => a[1].per_second - b[1].per_second);
  if (!found.length) return null;
  return (
    <Panel title={t("provider.receivers")}>
      <p className="soft settings-about" style={{ marginTop: 0 }}>
        {t("provider.receivers.text")}
      </p>
      <Table
        label={t("provider.receivers")}
        rows={found}
        id={([name]) => name}
        columns={[
          { key: "name", title: t("provider.receiver"), cell: ([name]) => name },
          {
            key: "pace",
            title: t("provider.pace"),
            cell: ([, one]) => t("provider.per_second", { n: number(one.per_second) }),
            right: true,
          },
          { key: "deferred", title: t("provider.deferred"), cell: ([, one]) => number(one.deferred), right: true },
          { key: "code", title: t("provider.code"), cell: ([, one]) => <code>{one.code}</code>, wideOnly: true },
        ]}
      />
    </Panel>
  );
}
