import { api, ask } from "@/lib/api";
import { list, money, percent, time } from "@/lib/format";
import { say, t } from "@/lib/i18n";
import { usePages } from "@/lib/pages";
import { channelName } from "@/ui/Channel";
import { Button } from "@/ui/controls";
import { Failed, Waiting } from "@/ui/State";
import { keyOf, type LiveCampaign, type Step } from "../campaign";
import { useFollow } from "./data";
import { together } from "./together";

const PAUSE_MS = 400;

/** What was done with it, and what it did by itself. */
export default function Steps(props: { campaign: string; live: LiveCampaign | undefined }) {
  const { campaign, live } = props;
  const steps = usePages([...keyOf(campaign), "steps"], async (cursor) => {
    const query = { cursor, limit: 50 };
    const page = await ask(api.GET("/api/v1/campaigns/{campaign}/timeline", { params: { path: { campaign }, query } }));
    return { rows: page.steps, next: page.cursor };
  });
  useFollow(live && `${live.state} ${live.stage} ${live.undo_shift_until}`, PAUSE_MS, () => void steps.refetch());
  if (!steps.rows)
    return steps.error ? <Failed error={steps.error} retry={() => void steps.refetch()} /> : <Waiting rows={4} />;
  return (
    <>
      <ol className="done-list" aria-label={t("campaigns.tab.steps")}>
        {together(steps.rows).map((step) => (
          <li key={step.id}>
            <time className="soft num" dateTime={step.at}>
              {time(step.at)}
            </time>
            <span>{sentenceOf(step)}</span>
          </li>
        ))}
      </ol>
      {steps.more && (
        <Button variant="default" mt={12} loading={steps.more.busy} onClick={steps.more.load}>
          {t("app.show_more")}
        </Button>
      )}
    </>
  );
}

export function sentenceOf(step: Step): string {
  const { details } = step;
  const text = (name: string) => (typeof details[name] === "string" ? String(details[name]) : "");
  const share = (name: string) => percent(typeof details[name] === "number" ? Number(details[name]) : null, 1);
  switch (step.what) {
    case "launched":
      return t("campaigns.did.launched", { at: text("starts_at") ? time(text("starts_at")) : "–" });
    case "shifted":
    case "shifted_back":
      return say(`campaigns.did.${step.what}`, step.what, { channel: channelName(text("channel")) });
    case "stopped":
      return text("reason") === "budget"
        ? t("campaigns.stopped.budget", { amount: money(Number(details.limit ?? 0)) })
        : say(`campaigns.stopped.${text("reason")}`, text("because"), {
            channel: channelName(text("channel")),
            share: share("share"),
            limit: share("limit"),
          });
    case "changed": {
      const fields = Array.isArray(details.fields) ? details.fields.map(String) : [];
      return t("campaigns.did.changed", { fields: list(fields.map((one) => say(`campaigns.field.${one}`, one))) });
    }
    default:
      return say(`campaigns.did.${step.what}`, step.what);
  }
}
