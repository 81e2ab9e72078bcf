import { percent } from "@/lib/format";
import { t } from "@/lib/i18n";
import { NumberInput, Slider, Text } from "@/ui/controls";
import { MoneyInput } from "@/ui/MoneyInput";
import type { View } from "../campaign";
import type { StepProps } from "./Editor";
import { numberOr } from "./plan";

const WATCHED = ["complaints", "bounces", "opt_outs"] as const;
const PRIORITY_MAX = 10;

/** What it may cost, what goes first, and when it stops by itself. */
export default function LimitsStep(props: StepProps & { usual?: View["limits"] }) {
  const { plan, change, flaw, usual } = props;
  return (
    <div className="fields">
      <div className="two">
        <MoneyInput
          label={t("campaigns.budget")}
          description={t("campaigns.budget.help")}
          placeholder={t("campaigns.unlimited")}
          value={plan.budget ?? ""}
          onChange={(value) => change({ budget: numberOr(value) })}
          error={flaw("budget")}
        />
        <MoneyInput
          label={t("campaigns.cost_max")}
          description={t("campaigns.cost_max.help")}
          placeholder={t("campaigns.unlimited")}
          value={plan.cost_max ?? ""}
          onChange={(value) => change({ cost_max: numberOr(value) })}
          step={0.01}
          decimalScale={4}
          error={flaw("cost_max")}
        />
      </div>
      <div>
        <Text component="span" size="sm" fw={500} id="priority">
          {t("campaigns.priority")}
        </Text>
        <p className="soft small" style={{ margin: "2px 0 8px" }}>
          {t("campaigns.priority.help")}
        </p>
        <Slider
          thumbLabel={t("campaigns.priority")}
          value={plan.priority}
          onChange={(priority) => change({ priority })}
          min={-PRIORITY_MAX}
          max={PRIORITY_MAX}
          marks={[
            { value: -PRIORITY_MAX, label: t("campaigns.priority.low") },
            { value: 0, label: t("campaigns.priority.usual") },
            { value: PRIORITY_MAX, label: t("campaigns.priority.high") },
          ]}
          style={{ margin: "0 28px 28px" }}
        />
      </div>
      <fieldset className="group">
        <legend>{t("campaigns.stops")}</legend>
        <p className="soft">{t("campaigns.stops.help")}</p>
        <div className="three">
          {WATCHED.map((kind) => {
            const least = usual?.[kind];
            return (
              <NumberInput
                key={kind}
                label={t(`campaigns.watched.${kind}`)}
                placeholder={typeof least === "number" ? percent(least, 1) : t("campaigns.stops.usual")}
                suffix=" %"
                value={plan.limits[kind] === null ? "" : 100 * (plan.limits[kind] ?? 0)}
                onChange={(value) => {
                  const share = numberOr(value);
                  change({
                    limits: { ...plan.limits, [kind]: share === null ? null : Number((share / 100).toFixed(6)) },
                  });
                }}
                min={0}
                max={100}
                decimalScale={3}
                error={flaw(`stop_above.${kind}`)}
              />
            );
          })}
        </div>
      </fieldset>
    </div>
  );
}
