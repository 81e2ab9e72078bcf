import { IconCircleCheck } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { money, number, percent, time } from "@/lib/format";
import { say, t } from "@/lib/i18n";
import { channelName } from "@/ui/Channel";
import { Mark, type Tone } from "@/ui/Mark";
import { Panel } from "@/ui/Page";
import { When } from "@/ui/When";
import { type Notice, placeOf } from "./overview";

const TONES: Record<string, Tone> = { critical: "bad", warning: "warn", info: "calm" };

/** The gravest first; each leads to where something can be done. */
export function Attention(props: { notices: Notice[] }) {
  if (!props.notices.length)
    return (
      <p className="soft" role="status" style={{ display: "flex", gap: 8, alignItems: "center", margin: 0 }}>
        <IconCircleCheck size={18} color="var(--good)" aria-hidden /> {t("home.attention.none")}
      </p>
    );
  return (
    <Panel title={t("home.attention")}>
      <ul style={{ listStyle: "none", margin: 0, padding: 0, display: "grid", gap: 4 }}>
        {props.notices.map((notice) => (
          <li
            key={notice.id}
            style={{ display: "flex", flexWrap: "wrap", gap: "2px 12px", alignItems: "baseline", padding: "6px 0" }}
          >
            <Mark tone={TONES[notice.severity] ?? "calm"}>
              {say(`home.severity.${notice.severity}`, notice.severity)}
            </Mark>
            <Link to={placeOf(notice.link)} style={{ color: "inherit", flex: "1 1 260px" }}>
              {sentenceOf(notice)}
            </Link>
            {notice.since && (
              <span className="soft" style={{ fontSize: "0.8125rem" }}>
                <When at={notice.since} />
              </span>
            )}
          </li>
        ))}
      </ul>
    </Panel>
  );
}

const SHARES = new Set(["share", "limit", "health"]);
const MONEY = new Set(["spent", "amount"]);

export function sentenceOf(notice: Notice): string {
  const values = Object.entries(notice.values).map(([key, value]): [string, string] => {
    if (value === null || value === undefined) return [key, "–"];
    if (typeof value === "number")
      return [key, SHARES.has(key) ? percent(value, 2) : MONEY.has(key) ? money(value) : number(value)];
    if (key === "channel") return [key, channelName(String(value))];
    if (key === "rate" || key === "reason") return [key, say(`home.rate.${value}`, String(value))];
    if (key === "at" || key === "until") return [key, time(String(value))];
    return [key, String(value)];
  });
  return say(`home.notice.${notice.kind}`, notice.kind, Object.fromEntries(values));
}
