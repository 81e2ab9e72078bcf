import { now } from "@/lib/company";
import { t } from "@/lib/i18n";
import { NumberInput, Radio, TextInput } from "@/ui/controls";
import type { StepProps } from "./Editor";
import { localOf, numberOr, type Plan } from "./plan";

const STARTS = ["now", "at", "local", "best"] as const;
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** Tomorrow at nine. */
function morning(): Date {
  const at = new Date(now());
  at.setDate(at.getDate() + 1);
  at.setHours(9, 0, 0, 0);
  return at;
}

/** When it begins, how fast it goes, and until when a message is worth sending. */
export default function ScheduleStep(props: StepProps) {
  const { plan, change, flaw } = props;
  const start = (value: string) => {
    const next = STARTS.find((one) => one === value) ?? "now";
    change({
      start: next,
      launch_at: next === "at" ? (plan.launch_at ?? morning().toISOString()) : next === "best" ? plan.launch_at : null,
      local: next === "local" ? (plan.local ?? localOf(morning())) : null,
    });
  };
  return (
    <div className="fields">
      <Radio.Group label={t("campaigns.start")} value={plan.start} onChange={start}>
        <div className="fields" style={{ marginTop: 8, gap: 12 }}>
          {STARTS.map((one) => (
            <div key={one} className="fields" style={{ gap: 8 }}>
              <Radio value={one} label={t(`campaigns.start.${one}`)} description={t(`campaigns.start.${one}.text`)} />
              {plan.start === one && one !== "now" && <StartField {...props} />}
            </div>
          ))}
        </div>
      </Radio.Group>
      <div className="two">
        <NumberInput
          label={t("campaigns.throttle")}
          description={t("campaigns.throttle.help")}
          placeholder={t("campaigns.throttle.none")}
          suffix={` ${t("campaigns.per_minute")}`}
          value={plan.per_minute ?? ""}
          onChange={(value) => change({ per_minute: numberOr(value) })}
          min={1}
          max={1_000_000}
          allowDecimal={false}
          thousandSeparator=" "
          error={flaw("throttle.per_minute")}
        />
        <NumberInput
          label={t("campaigns.expires")}
          description={t("campaigns.expires.help")}
          placeholder={t("campaigns.expires.none")}
          suffix={` ${t("campaigns.hours")}`}
          value={plan.expires_h ?? ""}
          onChange={(value) => change({ expires_h: numberOr(value) })}
          min={1}
          error={flaw("expires_in")}
        />
      </div>
    </div>
  );
}

function StartField({ plan, change, flaw }: StepProps) {
  if (plan.start === "best")
    return (
      <NumberInput
        className="under"
        label={t("campaigns.within")}
        suffix={` ${t("campaigns.hours")}`}
        value={plan.within_h}
        onChange={(value) => change({ within_h: numberOr(value) ?? plan.within_h })}
        min={1}
        max={168}
        error={flaw("send_at.within")}
      />
    );
  const isLocal = plan.start === "local";
  const write = (value: string): Partial<Plan> => {
    if (isLocal) return { local: value || null };
    return { launch_at: value ? new Date(value).toISOString() : null };
  };
  return (
    <TextInput
      className="under"
      type="datetime-local"
      label={t(isLocal ? "campaigns.start.local.label" : "campaigns.start.at.label", { zone })}
      value={isLocal ? (plan.local ?? "") : plan.launch_at ? localOf(plan.launch_at) : ""}
      onChange={(event) => change(write(event.currentTarget.value))}
      error={isLocal ? (flaw("send_at.local") ?? flaw("send_at")) : flaw("launch_at")}
    />
  );
}
