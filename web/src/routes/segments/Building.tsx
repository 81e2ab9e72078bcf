import { span } from "@/lib/format";
import { say, t } from "@/lib/i18n";
import { Progress } from "@/ui/controls";
import { Panel } from "@/ui/Page";
import type { Numbers, SegmentPage } from "./segments";

/** How far a new version is; the old one serves meanwhile. */
export function Building({ one, live }: { one: SegmentPage; live: Numbers | undefined }) {
  if (!one.build) return null;
  const { phase, done, steps, estimate_s } = one.build;
  const now = live?.build.steps ? (100 * (live.build.done ?? 0)) / live.build.steps : steps ? (100 * done) / steps : 0;
  const named = say(`segments.phase.${live?.build.phase ?? phase}`, phase);
  return (
    <Panel>
      <div className="building">
        <span>
          <b>{t("segments.building")}</b> <span className="soft small">{named}</span>
        </span>
        {estimate_s !== null && estimate_s !== undefined && (
          <span className="soft small">{t("segments.building.about", { time: span(estimate_s) })}</span>
        )}
      </div>
      <Progress value={now} aria-label={t("segments.building")} />
    </Panel>
  );
}
