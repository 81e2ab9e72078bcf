import { IconArrowBackUp } from "@tabler/icons-react";
import { span, time } from "@/lib/format";
import { t } from "@/lib/i18n";
import { channelName } from "@/ui/Channel";
import { Button } from "@/ui/controls";
import type { Figures, LiveCampaign } from "../campaign";
import type { Acts } from "./acts";
import { useLeft } from "./data";

const HOUR_MS = 3_600_000;

/** While nobody was told: a launch, and for some seconds a shift, can be taken back as if they had not been. */
export function TakeBack(props: {
  figures: Figures;
  live: LiveCampaign | undefined;
  ahead: number;
  acts: Acts;
  may: boolean;
}) {
  const { figures, live, acts, may } = props;
  const recall = live ? live.recall_until : figures.recall_until;
  const shift = live ? live.undo_shift_until : figures.undo_shift_until;
  const recallLeft = useLeft(recall, props.ahead);
  const shiftLeft = useLeft(shift, props.ahead);
  if (recall && recallLeft > 0)
    return (
      <section className="panel take-back" aria-label={t("campaigns.recall")}>
        <div>
          <h2>{t("campaigns.recall.title")}</h2>
          <p className="soft" style={{ margin: 0 }}>
            {recallLeft > HOUR_MS
              ? t("campaigns.recall.until", { at: time(recall) })
              : t("campaigns.recall.left", { span: left(recallLeft) })}
          </p>
        </div>
        {may && (
          <Button
            size="lg"
            leftSection={<IconArrowBackUp size={20} aria-hidden />}
            loading={acts.recall.busy}
            onClick={() => void acts.recall.run(undefined)}
          >
            {t("campaigns.recall")}
          </Button>
        )}
      </section>
    );
  if (shift && shiftLeft > 0)
    return (
      <section className="panel take-back" aria-label={t("campaigns.shift.taken_back")}>
        <div>
          <h2>{t("campaigns.shift.title_done", { channel: channelName(figures.prefer ?? "") })}</h2>
          <p className="soft" style={{ margin: 0 }}>
            {t("campaigns.shift.left", { span: left(shiftLeft) })}
          </p>
        </div>
        {may && (
          <Button
            variant="default"
            size="md"
            loading={acts.undoShift.busy}
            onClick={() => void acts.undoShift.run(undefined)}
          >
            {t("campaigns.shift.take_back")}
          </Button>
        )}
      </section>
    );
  return null;
}

const left = (ms: number): string => span(Math.ceil(ms / 1_000));
