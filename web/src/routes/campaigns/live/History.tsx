import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { api, ask } from "@/lib/api";
import { money, number } from "@/lib/format";
import { say, t } from "@/lib/i18n";
import { useUrlState } from "@/lib/url";
import { channelName } from "@/ui/Channel";
import { Chart, type Mark } from "@/ui/Chart";
import { NativeSelect, SegmentedControl } from "@/ui/controls";
import { Panel } from "@/ui/Page";
import { Loaded } from "@/ui/State";
import { keyOf, type LiveCampaign, type Series, type View } from "../campaign";
import { useSlowly } from "./data";

const KINDS = [
  "sent",
  "delivered",
  "opened",
  "clicked",
  "converted",
  "failed",
  "bounced",
  "opted_out",
  "complained",
  "cost",
] as const;
type Kind = (typeof KINDS)[number];
const STEPS = ["minute", "hour"] as const;
const HOURS_AT_MOST = 1_000;
const HOUR_MS = 3_600_000;
const LONG_MS = 3 * HOUR_MS;
const STEP_MS = { minute: 60_000, hour: HOUR_MS };

/** One kind of event over time, by channel; where something was done, a line says so. */
export function History(props: { campaign: string; live: LiveCampaign | undefined; view: View }) {
  const { campaign, live, view } = props;
  const begin = view.starts_at ?? view.launched_at;
  const long = begin && view.ended_at && Date.parse(view.ended_at) - Date.parse(begin) > LONG_MS;
  const [kind, setKind] = useUrlState<string>("kind", "sent");
  const [chosen, setStep] = useUrlState<string>("by", long ? "hour" : "minute");
  const step = STEPS.find((one) => one === chosen) ?? "minute";
  const shown = KINDS.find((one) => one === kind) ?? "sent";
  const query = useQuery({
    queryKey: [...keyOf(campaign), "series", step],
    queryFn: () =>
      ask(
        api.GET("/api/v1/campaigns/{campaign}/series", {
          params: { path: { campaign }, query: { step, ...spanOf(view, step) } },
        }),
      ),
    placeholderData: keepPreviousData,
  });
  const marks = useMarks(campaign);
  useSlowly(live, () => void query.refetch());
  return (
    <Panel
      title={t("campaigns.history")}
      aside={
        <span className="pair">
          <NativeSelect
            aria-label={t("campaigns.history.kind")}
            size="xs"
            value={shown}
            onChange={(event) => setKind(event.currentTarget.value)}
            data={KINDS.map((value) => ({ value, label: t(`campaigns.kind.${value}`) }))}
          />
          <SegmentedControl
            aria-label={t("campaigns.history.step")}
            size="xs"
            value={step}
            onChange={setStep}
            data={STEPS.map((value) => ({ value, label: t(`campaigns.by.${value}`) }))}
          />
        </span>
      }
    >
      <Loaded query={query} height={260}>
        {(series) => (
          <div className={query.isPlaceholderData ? "stale" : undefined}>
            <Chart
              title={t(`campaigns.kind.${shown}`)}
              at={series.slots}
              series={linesOf(series, shown)}
              stacked={shown !== "cost"}
              marks={marks.filter((mark) => within(series, mark))}
              whole={shown !== "cost"}
              format={shown === "cost" ? (value) => money(value) : number}
            />
          </div>
        )}
      </Loaded>
    </Panel>
  );
}

/** The last hour or day while it runs; of one that is over, from its beginning. */
function spanOf(view: View, step: (typeof STEPS)[number]): { from?: string; to?: string } {
  const begin = view.starts_at ?? view.launched_at;
  if (!view.ended_at || !begin) return {};
  const end = Date.parse(view.ended_at) + STEP_MS[step];
  const least = end - HOURS_AT_MOST * STEP_MS[step];
  return { from: new Date(Math.max(least, Date.parse(begin))).toISOString(), to: new Date(end).toISOString() };
}

export function linesOf(series: Series, kind: Kind) {
  if (kind === "cost") return [{ name: t("campaigns.cost"), values: series.cost, kind: "area" as const }];
  const by = new Map<string, number[]>();
  for (const line of series.lines) {
    if (line.kind !== kind || !line.channel) continue;
    const sum = by.get(line.channel);
    by.set(line.channel, sum ? sum.map((n, at) => n + (line.n[at] ?? 0)) : line.n);
  }
  if (!by.size)
    return [{ name: t(`campaigns.kind.${kind}`), values: series.slots.map(() => 0), kind: "bars" as const }];
  return [...by].map(([channel, values]) => ({ name: channelName(channel), channel, values, kind: "bars" as const }));
}

const MARKED = new Set(["paused", "resumed", "stopped", "shifted", "pilot_done", "cancelled"]);

function useMarks(campaign: string): Mark[] {
  const query = useQuery({
    queryKey: [...keyOf(campaign), "marks"],
    queryFn: () =>
      ask(api.GET("/api/v1/campaigns/{campaign}/timeline", { params: { path: { campaign }, query: { limit: 50 } } })),
  });
  return (query.data?.steps ?? [])
    .filter((step) => MARKED.has(step.what))
    .map((step) => ({ at: step.at, label: say(`campaigns.mark.${step.what}`, step.what) }));
}

function within(series: Series, mark: Mark): boolean {
  const at = Date.parse(String(mark.at));
  const first = series.slots[0];
  const last = series.slots[series.slots.length - 1];
  return first !== undefined && last !== undefined && at >= Date.parse(first) && at <= Date.parse(last) + HOUR_MS;
}
