import { list, number, percent, time } from "@/lib/format";
import { t } from "@/lib/i18n";
import { channelName } from "@/ui/Channel";
import { useReach } from "./data";
import type { Plan, StepName } from "./plan";

/** The plan so far, beside every step; each line leads to where it is said. */
export function Summary(props: { plan: Plan; onStep: (step: StepName) => void }) {
  const { plan } = props;
  const reach = useReach(plan);
  const people = plan.segment ? reach.data?.count : undefined;
  const none = t("campaigns.summary.open");
  const lines: [StepName, string, string][] = [
    ["audience", plan.segment || none, people === undefined ? "" : t("campaigns.people_about", { n: number(people) })],
    ["message", plan.message || none, ""],
    [
      "channels",
      plan.channels.length ? list(plan.channels.map(channelName)) : none,
      t(`campaigns.failover.${plan.failover_on}`),
    ],
    ["pilot", plan.pilot === null ? t("campaigns.summary.no_pilot") : percent(plan.pilot), ""],
    ["schedule", startOf(plan), ""],
  ];
  return (
    <aside className="panel so-far" aria-label={t("campaigns.summary")}>
      <h2>{t("campaigns.summary")}</h2>
      <dl>
        {lines.map(([step, value, note]) => (
          <div key={step}>
            <dt className="soft">
              <button type="button" className="link" onClick={() => props.onStep(step)}>
                {t(`campaigns.step.${step}`)}
              </button>
            </dt>
            <dd>
              {value}
              {note && <small className="soft">{note}</small>}
            </dd>
          </div>
        ))}
      </dl>
    </aside>
  );
}

export function startOf(plan: Plan): string {
  if (plan.start === "at" && plan.launch_at) return time(plan.launch_at);
  if (plan.start === "local" && plan.local) return t("campaigns.summary.local", { at: time(plan.local) });
  if (plan.start === "best") return t("campaigns.start.best");
  return t("campaigns.start.now");
}
