import { number, percent } from "@/lib/format";
import { t, tn } from "@/lib/i18n";
import { Slider, Switch } from "@/ui/controls";
import { useReach } from "./data";
import type { StepProps } from "./Editor";

const USUAL = 0.2;
const MARKS = [5, 10, 20, 30, 50];
const FEW = 200;

/** Some first: the rest waits until somebody has looked at the numbers. */
export default function PilotStep({ plan, change, flaw }: StepProps) {
  const reach = useReach(plan);
  const share = plan.pilot;
  const people = reach.data?.count;
  const pilot = share !== null && people !== undefined ? Math.round(share * people) : undefined;
  return (
    <div className="fields">
      <Switch
        label={t("campaigns.pilot.on")}
        checked={share !== null}
        onChange={(event) => change({ pilot: event.currentTarget.checked ? USUAL : null })}
      />
      {share !== null && (
        <section className="inset" aria-label={t("campaigns.step.pilot")}>
          <p style={{ margin: 0 }} role="status">
            <span className="figure">{percent(share)}</span>{" "}
            <span className="soft num">
              {pilot !== undefined &&
                people !== undefined &&
                t("campaigns.pilot.people", { n: number(pilot), rest: number(people - pilot) })}
            </span>
          </p>
          <Slider
            thumbLabel={t("campaigns.pilot.share")}
            value={Math.round(100 * share)}
            onChange={(value) => change({ pilot: value / 100 })}
            min={1}
            max={60}
            label={(value) => percent(value / 100)}
            marks={MARKS.map((value) => ({ value, label: percent(value / 100) }))}
            style={{ margin: "16px 8px 28px" }}
          />
          <p className="soft small" style={{ margin: 0 }}>
            {t("campaigns.pilot.text")}
          </p>
          {pilot !== undefined && pilot < FEW && <p className="warns">{tn("campaigns.pilot.few", pilot)}</p>}
          {flaw("pilot.share") && <p className="wrong">{flaw("pilot.share")}</p>}
        </section>
      )}
    </div>
  );
}
