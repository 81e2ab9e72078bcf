import { number, percent } from "@/lib/format";
import { t } from "@/lib/i18n";
import { channelColour } from "@/ui/Channel";
import type { Rate } from "./campaign";

/** A share with its bar, and between which it lies 19 times in 20. A dash where nobody can know. */
export function Share(props: { rate: Rate | null; channel?: string; most?: number; wide?: boolean }) {
  const { rate, most = 1 } = props;
  if (!rate) return <span className="soft">{t("campaigns.unknowable")}</span>;
  if (rate.share === null) return <span className="soft">–</span>;
  const at = (value: number) => `${Math.min(100, (100 * value) / most).toFixed(2)}%`;
  return (
    <span
      className={props.wide ? "share wide" : "share"}
      title={t("campaigns.of", { n: number(rate.n), of: number(rate.of) })}
    >
      <b className="num">{percent(rate.share)}</b>
      <svg width="100%" height={8} aria-hidden>
        <rect width="100%" height={8} rx={4} fill="var(--line)" />
        <rect
          width={at(rate.share)}
          height={8}
          rx={4}
          fill={props.channel ? channelColour(props.channel) : "var(--mantine-color-anchor)"}
        />
        {props.wide && rate.low !== null && rate.high !== null && (
          <line x1={at(rate.low)} x2={at(rate.high)} y1={4} y2={4} stroke="var(--mantine-color-text)" strokeWidth={2} />
        )}
      </svg>
      {props.wide && rate.low !== null && rate.high !== null && (
        <small className="soft num">{t("app.interval", { low: percent(rate.low), high: percent(rate.high) })}</small>
      )}
    </span>
  );
}

/** The largest upper bound, so that bars of one column can be compared. */
export const mostOf = (rates: (Rate | null)[]): number =>
  Math.max(0.01, ...rates.map((rate) => rate?.high ?? rate?.share ?? 0));
