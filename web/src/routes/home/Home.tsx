import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { api, ask } from "@/lib/api";
import { now } from "@/lib/company";
import { t } from "@/lib/i18n";
import { useLive } from "@/lib/live";
import { useUrlState } from "@/lib/url";
import { SegmentedControl } from "@/ui/controls";
import { Page } from "@/ui/Page";
import { Failed, Waiting } from "@/ui/State";
import { Attention } from "./Attention";
import { FirstSteps } from "./FirstSteps";
import { Going } from "./Going";
import { Numbers } from "./Numbers";
import type { LiveOverview, Overview } from "./overview";

const RANGES = { day: "hour", week: "hour", month: "day" } as const;
const DAYS = { day: 1, week: 7, month: 30 } as const;
type Range = keyof typeof RANGES;

/** What goes out now, what needs attention, the key numbers with their history. */
export default function Home() {
  const [range, setRange] = useUrlState<Range>("range", "day");
  const known = range in RANGES ? range : "day";
  const query = useOverview(known);
  const live = useLive<LiveOverview>("overview");
  const overview = query.data;
  const attention = live ? Object.values(live.attention) : overview?.attention;
  const going = live ? Object.values(live.going) : overview?.going;
  return (
    <Page
      title={t("home.title")}
      actions={
        <SegmentedControl
          aria-label={t("home.range")}
          value={known}
          onChange={(value) => setRange(value as Range)}
          data={(Object.keys(RANGES) as Range[]).map((value) => ({ value, label: t(`home.range.${value}`) }))}
        />
      }
    >
      {!overview ? (
        query.error ? (
          <Failed error={query.error} retry={() => void query.refetch()} />
        ) : (
          <Waiting rows={4} height={104} />
        )
      ) : (
        <div style={{ display: "grid", gap: 16 }}>
          {overview.empty && <FirstSteps notices={overview.attention} />}
          {!overview.empty && attention && <Attention notices={attention} />}
          {going && going.length > 0 && <Going lines={going} />}
          <Numbers overview={overview} stale={query.isPlaceholderData} />
        </div>
      )}
    </Page>
  );
}

function useOverview(range: Range) {
  return useQuery({
    queryKey: ["overview", range],
    queryFn: async (): Promise<Overview> => {
      const from = new Date(now() - DAYS[range] * 86_400_000).toISOString();
      const wanted = range === "week" ? { step: RANGES[range], from } : { step: RANGES[range] };
      return ask(api.GET("/api/v1/overview", { params: { query: wanted } }));
    },
    placeholderData: keepPreviousData,
    refetchInterval: 15_000,
  });
}
