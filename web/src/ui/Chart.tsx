import "./charts.css";
import { lazy, Suspense, useMemo, useState } from "react";
import { number, pointInTime } from "@/lib/format";
import { t } from "@/lib/i18n";
import { colourOf, DASHES, extremes, type Mark, type Series, seconds } from "./series";

const Plot = lazy(() => import("./Plot"));

export type { Mark, Series } from "./series";

export type ChartProps = {
  /** What is shown; also its name for those who do not see it. */
  title: string;
  /** RFC 3339 or seconds since 1970, ascending. */
  at: (string | number)[];
  /** 1 to 6; each as long as `at`. */
  series: Series[];
  stacked?: boolean;
  height?: number;
  format?: (value: number) => string;
  /** Whether there is nothing between 1 and 2; so it is by default. */
  whole?: boolean;
  /** Vertical lines with a word: "paused", "shifted". */
  marks?: Mark[];
  /** An IANA name; that of the browser by default. */
  zone?: string;
};

/** Numbers over time: a picture, a sentence about it, and the same as a table. New points are appended in place. */
export function Chart(props: ChartProps) {
  const [asTable, setAsTable] = useState(false);
  const { height = 220, format = number } = props;
  const at = useMemo(() => props.at.map(seconds), [props.at]);
  const summary = summaryOf(props.title, at, props.series, format, props.zone);
  return (
    <figure className="chart" aria-label={props.title}>
      {asTable ? (
        <Twin {...props} at={at} format={format} height={height} />
      ) : (
        <div style={{ minHeight: height }}>
          <Suspense>
            <Plot {...props} at={at} format={format} height={height} />
          </Suspense>
        </div>
      )}
      <figcaption>
        <span className="unseen">{summary}</span>
        {props.series.length > 1 && !asTable && <Legend series={props.series} stacked={props.stacked} />}
        <button type="button" className="link" onClick={() => setAsTable(!asTable)}>
          {t(asTable ? "app.chart" : "app.table")}
        </button>
      </figcaption>
    </figure>
  );
}

function Legend(props: { series: Series[]; stacked?: boolean }) {
  return (
    <ul className="legend">
      {props.series.map((one, n) => (
        <li key={one.name}>
          <svg width={18} height={10} aria-hidden>
            {props.stacked || one.kind === "bars" ? (
              <rect width={10} height={10} x={4} rx={2} fill={colourOf(one, n)} />
            ) : (
              <line
                x2={18}
                y1={5}
                y2={5}
                stroke={colourOf(one, n)}
                strokeWidth={2.5}
                strokeDasharray={DASHES[n % DASHES.length]?.join(" ")}
              />
            )}
          </svg>
          {one.name}
        </li>
      ))}
    </ul>
  );
}

function Twin(props: Omit<ChartProps, "at"> & { at: number[]; format: (value: number) => string; height: number }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is scrolled by keys too
    <section className="scroll" style={{ maxHeight: props.height }} tabIndex={0} aria-label={props.title}>
      <table className="data">
        <thead>
          <tr>
            <th scope="col">{t("app.chart.time")}</th>
            {props.series.map((one) => (
              <th key={one.name} scope="col" className="right">
                {one.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {props.at.map((at, n) => (
            <tr key={at}>
              <th scope="row">{pointInTime(at, stepOf(props.at), props.zone)}</th>
              {props.series.map((one) => (
                <td key={one.name} className="right">
                  {shown(one.values[n], props.format)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

export const shown = (value: number | null | undefined, format: (value: number) => string): string =>
  value === null || value === undefined ? "–" : format(value);

/** Seconds between two neighbours: how exactly a point is named. */
export const stepOf = (at: number[]): number => (at.length > 1 ? (at[1] as number) - (at[0] as number) : 60);

function summaryOf(
  title: string,
  at: number[],
  series: Series[],
  format: (value: number) => string,
  zone?: string,
): string {
  const step = stepOf(at);
  const said = series.flatMap((one) => {
    const found = extremes(one.values);
    if (!found) return [];
    const when = pointInTime(at[found.mostAt] ?? 0, step, zone);
    return t("app.chart.summary", {
      name: one.name,
      last: format(found.last),
      most: format(found.most),
      when,
    });
  });
  if (!said.length) return `${title}: ${t("app.chart.empty")}`;
  const from = pointInTime(at[0] ?? 0, step, zone);
  const to = pointInTime(at[at.length - 1] ?? 0, step, zone);
  return `${t("app.chart.span", { title, from, to })} ${said.join(" ")}`;
}
