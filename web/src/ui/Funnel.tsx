import "./charts.css";
import { number, percent } from "@/lib/format";
import { t } from "@/lib/i18n";

export type Step = { key: string; label: string; value: number; hint?: string };

/** How many came how far: each step with its number, its share of the first, and of the step before. */
export function Funnel(props: { label: string; steps: Step[] }) {
  const first = props.steps[0]?.value ?? 0;
  return (
    <ol className="funnel" aria-label={props.label}>
      {props.steps.map((step, n) => {
        const before = props.steps[n - 1]?.value ?? step.value;
        const share = first ? step.value / first : 0;
        const next = props.steps[n + 1];
        const after = next && first ? next.value / first : share;
        return (
          <li key={step.key}>
            <span className="name">{step.label}</span>
            <b className="num">{number(step.value)}</b>
            <svg viewBox="0 0 100 40" preserveAspectRatio="none" height={48} aria-hidden>
              <polygon
                points={`0,${20 - 20 * share} 100,${20 - 20 * after} 100,${20 + 20 * after} 0,${20 + 20 * share}`}
                fill="var(--mantine-color-anchor)"
                opacity={0.75}
              />
            </svg>
            {n > 0 && (
              <small className="soft num">
                {t("app.funnel.shares", { first: percent(share), before: percent(before ? step.value / before : 0) })}
              </small>
            )}
            {step.hint && <small className="soft">{step.hint}</small>}
          </li>
        );
      })}
    </ol>
  );
}
