import "./charts.css";
import type { ReactNode } from "react";
import { number } from "@/lib/format";
import { t } from "@/lib/i18n";
import { channelColour } from "./Channel";

export type Bar = {
  key: string;
  label: ReactNode;
  value: number;
  /** Between which it lies with the certainty that the server says. */
  low?: number;
  high?: number;
  channel?: string;
  /** Beside the value: "of 1,204". */
  note?: string;
};

/** Values side by side. Everything is written out; the bars help the eye. */
export function Bars(props: { label: string; bars: Bar[]; format?: (value: number) => string; most?: number }) {
  const { format = number } = props;
  const most = props.most ?? Math.max(1e-9, ...props.bars.map((bar) => bar.high ?? bar.value));
  const share = (value: number) => `${Math.max(0, Math.min(100, (100 * value) / most)).toFixed(2)}%`;
  return (
    <ul className="bars" aria-label={props.label}>
      {props.bars.map((bar) => (
        <li key={bar.key}>
          <span className="name">{bar.label}</span>
          <svg width="100%" height={18} aria-hidden>
            <rect
              width={share(bar.value)}
              height={12}
              y={3}
              rx={3}
              fill={bar.channel ? channelColour(bar.channel) : "var(--mantine-color-anchor)"}
              opacity={0.85}
            />
            {bar.low !== undefined && bar.high !== undefined && (
              <g stroke="var(--mantine-color-text)" strokeWidth={1.5}>
                <line x1={share(bar.low)} x2={share(bar.high)} y1={9} y2={9} />
                <line x1={share(bar.low)} x2={share(bar.low)} y1={4} y2={14} />
                <line x1={share(bar.high)} x2={share(bar.high)} y1={4} y2={14} />
              </g>
            )}
          </svg>
          <span className="value num">
            <b>{format(bar.value)}</b>
            {bar.low !== undefined && bar.high !== undefined && (
              <small className="soft">{t("app.interval", { low: format(bar.low), high: format(bar.high) })}</small>
            )}
            {bar.note && <small className="soft">{bar.note}</small>}
          </span>
        </li>
      ))}
    </ul>
  );
}
