import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { api, ask } from "@/lib/api";
import { now } from "@/lib/company";
import { number, percent } from "@/lib/format";
import { t, tn } from "@/lib/i18n";
import { useUrlState } from "@/lib/url";
import { Bars } from "@/ui/Bars";
import { Chart } from "@/ui/Chart";
import { SegmentedControl } from "@/ui/controls";
import { Panel } from "@/ui/Page";
import { Loaded } from "@/ui/State";
import { Building } from "./Building";
import { Ladder } from "./Ladder";
import { caution, type Numbers, type SegmentPage } from "./segments";

type Props = { one: SegmentPage; live: Numbers | undefined };

/** How large it is, how it grew, what it has in common with others, and its rule in words. */
export function Overview({ one, live }: Props) {
  return (
    <div className="stack">
      <Building one={one} live={live} />
      <div className="grid tiles">
        <Tile label={t("segments.size")} value={number(live?.size ?? one.count)} />
        <Tile label={t("segments.entered_today")} value={live ? `+${number(live.entered_today)}` : "–"} />
        <Tile label={t("segments.left_today")} value={live ? `−${number(live.left_today)}` : "–"} />
      </div>
      {one.stage_of && <Ladder name={one.stage_of} segment={one.id} />}
      <Growth one={one} size={live?.size} />
      <div className="split even">
        <Overlaps one={one} />
        {one.text && (
          <Panel title={t("segments.rule")}>
            <pre className="words">{one.text}</pre>
            {one.warnings.length > 0 && (
              <ul className="says">
                {one.warnings.map((each) => (
                  <li key={`${each.at} ${each.code}`} className="warn">
                    {caution(each)}
                  </li>
                ))}
              </ul>
            )}
          </Panel>
        )}
      </div>
    </div>
  );
}

function Tile(props: { label: string; value: string }) {
  return (
    <section className="panel" aria-label={props.label}>
      <div className="soft small">{props.label}</div>
      <div className="figure">{props.value}</div>
    </section>
  );
}

const RANGES = ["hours", "month", "all"] as const;
const YOUNG_MS = 3 * 86_400_000;
const STEP_MS = { hour: 3_600_000, day: 86_400_000 };

function Growth({ one, size }: { one: SegmentPage; size: number | undefined }) {
  const born = Date.parse(one.created_at);
  const [wanted, setRange] = useUrlState<string>("range", now() - born < YOUNG_MS ? "hours" : "month");
  const range = RANGES.find((name) => name === wanted) ?? "month";
  const step = range === "hours" ? "hour" : "day";
  const query = useQuery({
    queryKey: ["segments", "size", one.id, range, size],
    queryFn: async () => {
      const from = range === "all" ? one.created_at : undefined;
      const params = { path: { segment: one.id }, query: { step, from } };
      const { points } = await ask(api.GET("/api/v1/segments/{segment}/size", { params }));
      return points.filter((point) => Date.parse(point.at) > born - 2 * STEP_MS[step]);
    },
    placeholderData: (before) => before,
    staleTime: 60_000,
  });
  return (
    <Panel
      title={t("segments.growth")}
      aside={
        <SegmentedControl
          size="xs"
          aria-label={t("segments.range")}
          value={range}
          onChange={setRange}
          data={RANGES.map((name) => ({ value: name, label: t(`segments.range.${name}`) }))}
        />
      }
    >
      <Loaded query={query} height={460}>
        {(points) => (
          <div className="stack">
            <Chart
              title={t("segments.size")}
              at={points.map((one) => one.at)}
              series={[{ name: t("segments.size"), kind: "area", values: points.map((one) => one.size) }]}
              height={200}
              whole
            />
            <Chart
              title={t("segments.moves")}
              at={points.map((one) => one.at)}
              series={[
                { name: t("segments.entered"), values: points.map((one) => one.entered) },
                { name: t("segments.left"), values: points.map((one) => one.left) },
              ]}
              height={150}
              whole
            />
          </div>
        )}
      </Loaded>
    </Panel>
  );
}

const SHOWN = 8;

function Overlaps({ one }: { one: SegmentPage }) {
  const query = useQuery({
    queryKey: ["segments", "overlaps", one.id],
    queryFn: () => ask(api.GET("/api/v1/segments/{segment}/overlaps", { params: { path: { segment: one.id } } })),
    staleTime: 60_000,
    enabled: one.state === "live",
  });
  if (one.state !== "live") return null;
  return (
    <Panel title={t("segments.overlaps")}>
      <Loaded query={query} rows={4} height={28}>
        {({ overlaps }) => {
          const shared = overlaps.filter((each) => each.both > 0).slice(0, SHOWN);
          return shared.length ? (
            <Bars
              label={t("segments.overlaps")}
              most={1}
              format={percent}
              bars={shared.map((each) => ({
                key: each.id,
                label: (
                  <Link to="/segments/$segment" params={{ segment: each.id }} className="plain">
                    {each.name}
                  </Link>
                ),
                value: each.share,
                note: tn("segments.people", each.both),
              }))}
            />
          ) : (
            <p className="soft small">{t("segments.overlaps.none")}</p>
          );
        }}
      </Loaded>
    </Panel>
  );
}
