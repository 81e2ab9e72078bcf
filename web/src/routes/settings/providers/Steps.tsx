import { IconCircleCheck, IconCircleX, IconClock, IconHelpCircle } from "@tabler/icons-react";
import { clock } from "@/lib/format";
import { t } from "@/lib/i18n";

type State = "ok" | "failed" | "waiting" | "unproven";
export type Step = { key: string; title: string; state: State; says: string; at?: string | null };

const ICONS = { ok: IconCircleCheck, failed: IconCircleX, waiting: IconClock, unproven: IconHelpCircle };
const COLOURS: Record<State, string> = {
  ok: "var(--good)",
  failed: "var(--bad)",
  waiting: "var(--mantine-color-dimmed)",
  unproven: "var(--warn)",
};

/** One thing after another, with what became of each and what the other side said of it. */
export function Steps(props: { label: string; steps: Step[] }) {
  return (
    <ol className="steps" aria-label={props.label} aria-live="polite">
      {props.steps.map((step) => {
        const Icon = ICONS[step.state];
        return (
          <li key={step.key}>
            <Icon size={20} color={COLOURS[step.state]} role="img" aria-label={t(`provider.step.${step.state}`)} />
            <div>
              <strong>{step.title}</strong>
              {step.says && <p className={step.state === "failed" ? "raw bad" : "raw soft"}>{step.says}</p>}
            </div>
            {step.at && (
              <time className="soft num" dateTime={step.at}>
                {clock(step.at)}
              </time>
            )}
          </li>
        );
      })}
    </ol>
  );
}
