import { IconAlertCircle, IconCheck } from "@tabler/icons-react";
import type { Flaw } from "@/lib/api";
import { t } from "@/lib/i18n";
import { isOpen, type Plan, STEPS, type StepName, stepOf } from "./plan";

/** All steps, in the order in which they make sense; any can be gone to. */
export function StepList(props: { plan: Plan; flaws: Flaw[]; step: StepName; onStep: (step: StepName) => void }) {
  const wrong = new Set(props.flaws.map(stepOf));
  return (
    <nav className="steps" aria-label={t("campaigns.steps")}>
      <ol>
        {STEPS.map((step, n) => {
          const open = isOpen(props.plan, step);
          return (
            <li key={step}>
              <button
                type="button"
                data-step={step}
                aria-current={step === props.step ? "step" : undefined}
                onClick={() => props.onStep(step)}
              >
                <span
                  className={wrong.has(step) ? "sign bad" : open || step === "review" ? "sign" : "sign good"}
                  aria-hidden
                >
                  {wrong.has(step) ? (
                    <IconAlertCircle size={14} />
                  ) : open || step === "review" ? (
                    n + 1
                  ) : (
                    <IconCheck size={14} />
                  )}
                </span>
                {t(`campaigns.step.${step}`)}
                {wrong.has(step) && <span className="unseen">{t("campaigns.step_wrong")}</span>}
                {open && <span className="unseen">{t("campaigns.step_open")}</span>}
              </button>
            </li>
          );
        })}
      </ol>
    </nav>
  );
}
