import { compact, money, number, percent } from "@/lib/format";
import { say, t } from "@/lib/i18n";
import { useUrlState } from "@/lib/url";
import { channelName } from "@/ui/Channel";
import { Chart } from "@/ui/Chart";
import { Panel } from "@/ui/Page";
import { Sparkline } from "@/ui/Sparkline";
import type { KeyNumber, Overview } from "./overview";
import "./home.css";

const SHOWN = [
  "sent",
  "delivered",
  "opened",
  "clicked",
  "replied",
  "converted",
  "cost",
  "opted_out",
  "complained",
  "failed",
  "person",
  "event",
];

/** The key numbers; the chosen one is drawn below, by channel. */
export function Numbers(props: { overview: Overview; stale: boolean }) {
  const { overview } = props;
  const [kind, setKind] = useUrlState<string>("number", "sent");
  const numbers = SHOWN.flatMap((name) => overview.numbers.filter((one) => one.kind === name));
  const chosen = numbers.find((one) => one.kind === kind) ?? numbers[0];
  return (
    <div className={props.stale ? "stale" : undefined} style={{ display: "grid", gap: 16 }}>
      <section className="grid" style={{ "--min": "146px" } as React.CSSProperties} aria-label={t("home.numbers")}>
        {numbers.map((one) => (
          <Tile key={one.kind} one={one} chosen={one === chosen} onChoose={() => setKind(one.kind)} />
        ))}
      </section>
      {chosen && <History one={chosen} overview={overview} />}
    </div>
  );
}

const shown = (kind: string) => (kind === "cost" ? (value: number) => money(value) : (value: number) => number(value));

function Tile(props: { one: KeyNumber; chosen: boolean; onChoose: () => void }) {
  const { one } = props;
  const name = say(`home.kind.${one.kind}`, one.kind);
  return (
    <button type="button" className="panel tile" aria-pressed={props.chosen} onClick={props.onChoose}>
      <span className="soft">{name}</span>
      <span className="figure">{one.kind === "cost" ? money(one.total) : compact(one.total)}</span>
      <span style={{ display: "flex", alignItems: "center", justifyContent: "space-between", gap: 8 }}>
        <Change one={one} />
        <Sparkline label={name} values={one.history} width={64} format={shown(one.kind)} />
      </span>
    </button>
  );
}

function Change({ one }: { one: KeyNumber }) {
  if (!one.before) return <span />;
  const by = (one.total - one.before) / one.before;
  return (
    <span className="soft small num">
      {by >= 0 ? "▲" : "▼"} {percent(Math.abs(by))} <span className="unseen">{t("home.change")}</span>
    </span>
  );
}

function History(props: { one: KeyNumber; overview: Overview }) {
  const { one, overview } = props;
  const name = say(`home.kind.${one.kind}`, one.kind);
  const series = one.channels.length
    ? one.channels.map((each) => ({
        name: each.channel ? channelName(each.channel) : name,
        values: each.history,
        channel: each.channel || undefined,
        kind: "bars" as const,
      }))
    : [{ name, values: one.history, kind: "bars" as const }];
  return (
    <Panel title={t("home.history", { name })}>
      <Chart
        title={name}
        at={overview.slots}
        series={series}
        stacked={series.length > 1}
        zone={overview.timezone}
        whole={one.kind !== "cost"}
        format={shown(one.kind)}
        height={240}
      />
    </Panel>
  );
}
