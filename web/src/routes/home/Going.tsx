import { Link } from "@tanstack/react-router";
import { compact, money, number, percent, time } from "@/lib/format";
import { say, t, tn } from "@/lib/i18n";
import { Channel } from "@/ui/Channel";
import { Progress } from "@/ui/controls";
import { Mark, type Tone } from "@/ui/Mark";
import { Panel } from "@/ui/Page";
import type { Line } from "./overview";

const TONES: Record<string, Tone> = { running: "live", pilot_done: "warn", paused: "warn", draft: "calm" };

/** What goes out now: each campaign with how far it is and what comes back. */
export function Going(props: { lines: Line[] }) {
  const lines = [...props.lines].sort((a, b) => Number(b.id) - Number(a.id));
  return (
    <Panel title={t("home.going")}>
      <ul style={{ listStyle: "none", margin: 0, padding: 0, display: "grid", gap: 16 }}>
        {lines.map((line) => (
          <One key={line.id} line={line} />
        ))}
      </ul>
    </Panel>
  );
}

function One({ line }: { line: Line }) {
  const { progress } = line;
  const share = progress.people ? Math.min(1, line.sent / progress.people) : 0;
  const label = t("home.going.progress", { n: number(line.sent), of: number(progress.people) });
  return (
    <li style={{ display: "grid", gap: 8 }}>
      <div style={{ display: "flex", flexWrap: "wrap", gap: "4px 16px", alignItems: "center" }}>
        <Link to="/campaigns/$campaign" params={{ campaign: line.id }} style={{ color: "inherit", fontWeight: 600 }}>
          {line.name}
        </Link>
        <Mark tone={TONES[line.state] ?? "calm"}>{say(`app.state.${line.state}`, line.state)}</Mark>
        <span style={{ display: "inline-flex", gap: 8 }}>
          {line.channels.map((channel) => (
            <Channel key={channel} name={channel} bare />
          ))}
        </span>
        <span className="soft num" style={{ marginInlineStart: "auto", fontSize: "0.8125rem" }}>
          {label}
          {progress.per_minute > 0 && ` · ${tn("home.going.rate", Math.round(progress.per_minute))}`}
        </span>
      </div>
      <Progress value={100 * share} aria-label={label} size="sm" />
      <dl
        className="num"
        style={{ display: "flex", flexWrap: "wrap", gap: "4px 24px", margin: 0, fontSize: "0.875rem" }}
      >
        <Fact name={t("home.kind.delivered")} value={compact(line.delivered)} />
        <Fact name={t("home.kind.opened")} value={percent(line.opened.share)} />
        <Fact name={t("home.kind.clicked")} value={percent(line.clicked.share)} />
        <Fact name={t("home.kind.converted")} value={percent(line.converted.share)} />
        <Fact name={t("home.kind.cost")} value={money(line.cost)} />
        {progress.expected_end && <Fact name={t("home.going.end")} value={time(progress.expected_end)} />}
      </dl>
    </li>
  );
}

function Fact(props: { name: string; value: string }) {
  return (
    <div style={{ display: "flex", gap: 6 }}>
      <dt className="soft">{props.name}</dt>
      <dd style={{ margin: 0, fontWeight: 550 }}>{props.value}</dd>
    </div>
  );
}
