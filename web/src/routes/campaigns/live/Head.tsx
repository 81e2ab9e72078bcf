import { list, money, number, percent, time } from "@/lib/format";
import { t, tn } from "@/lib/i18n";
import { channelName } from "@/ui/Channel";
import { Progress } from "@/ui/controls";
import type { Figures, LiveCampaign, View } from "../campaign";
import { KeyFacts } from "../KeyFacts";

/** How far it is, how fast it goes, when it ends, and the key numbers. */
export function Head(props: { figures: Figures; view: View; live: LiveCampaign | undefined }) {
  const { figures, view } = props;
  const { progress } = figures;
  const total = figures.rows.find((row) => row.of === "total");
  const sent = total?.sent ?? 0;
  const people = Math.max(progress.people, 1);
  const label = t("campaigns.sent_of", { n: number(sent), of: number(progress.people) });
  const said = [
    t("campaigns.told_of", { n: number(progress.told), of: number(progress.people) }),
    figures.state === "running" && progress.per_minute > 0 && tn("campaigns.rate", Math.round(progress.per_minute)),
    progress.expected_end && t("campaigns.ends", { at: time(progress.expected_end) }),
    figures.stage === "pilot" && t("campaigns.in_pilot", { share: percent(view.pilot?.share) }),
    figures.prefer && t("campaigns.prefers", { channel: channelName(figures.prefer) }),
  ];
  return (
    <section className="panel" aria-label={t("campaigns.progress")}>
      <p className="line num">
        <b>{label}</b>
        <span className="soft">{said.filter(Boolean).join(" · ")}</span>
      </p>
      <Progress.Root size={12} aria-hidden>
        <Progress.Section value={(100 * Math.min(sent, people)) / people} aria-hidden />
        <Progress.Section value={(100 * Math.max(0, progress.told - sent)) / people} color="gray.5" aria-hidden />
      </Progress.Root>
      <KeyNumbers figures={figures} />
      <p className="soft small" style={{ margin: "12px 0 0" }}>
        {t("campaigns.says", {
          message: view.message,
          segment: view.segment,
          channels: list(view.channels.map(channelName)),
        })}
      </p>
    </section>
  );
}

function KeyNumbers({ figures }: { figures: Figures }) {
  const total = figures.rows.find((row) => row.of === "total");
  if (!total) return null;
  const openable = figures.rows.filter((row) => row.of === "channel" && row.opened !== null);
  const opened = openable.reduce((sum, row) => sum + (row.opened ?? 0), 0);
  const over = openable.reduce((sum, row) => sum + row.sent, 0);
  const { budget } = figures;
  const facts: [string, string, string][] = [
    [t("campaigns.delivered"), number(total.delivered), percent(total.rates.delivered.share)],
    [t("campaigns.opened"), number(opened), percent(over ? opened / over : null)],
    [t("campaigns.clicked"), number(total.clicked), percent(total.rates.clicked.share)],
    [t("campaigns.converted"), number(total.converted), percent(total.rates.converted.share)],
    [
      t("campaigns.cost"),
      money(total.cost),
      budget
        ? t("campaigns.of_budget", { amount: money(budget.amount) })
        : total.cost_per_conversion === null
          ? ""
          : t("campaigns.each_conversion", { cost: money(total.cost_per_conversion) }),
    ],
  ];
  return <KeyFacts facts={facts} apart />;
}
