import { useEffect, useLayoutEffect, useRef, useState, useSyncExternalStore } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { pointInTime, tick } from "@/lib/format";
import { t } from "@/lib/i18n";
import { type ChartProps, shown, stepOf } from "./Chart";
import { colourOf, DASHES, type Series, seconds, stacked } from "./series";

type Props = Omit<ChartProps, "at"> & { at: number[]; format: (value: number) => string; height: number };

const AXIS_FONT = "12px 'Inter Variable', system-ui, sans-serif";

/** The picture of a chart. It is made once; new values are given to it, new colours or series make it anew. */
export default function Plot(props: Props) {
  const frame = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const [chosen, setChosen] = useState<number | null>(null);
  const scheme = useSyncExternalStore(onScheme, readScheme);
  const held = useRef(props);
  held.current = props;
  const shape = JSON.stringify([
    props.series.map(({ name, kind, channel }) => [name, kind, channel]),
    props.stacked,
    props.marks,
    props.zone,
    props.whole,
    props.height,
    scheme,
  ]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: made anew by its shape alone; values follow below
  useLayoutEffect(() => {
    const box = frame.current as HTMLDivElement;
    const made = new uPlot(optionsOf(held, box, setChosen), dataOf(held.current), box);
    plot.current = made;
    const touch = (event: PointerEvent) => {
      if (event.pointerType === "mouse") return;
      const left = event.clientX - made.over.getBoundingClientRect().left;
      made.setCursor({ left, top: 0 });
    };
    made.over.addEventListener("pointerdown", touch);
    made.over.addEventListener("pointermove", touch);
    const watch = new ResizeObserver(() => made.setSize({ width: box.clientWidth, height: held.current.height }));
    watch.observe(box);
    return () => {
      watch.disconnect();
      made.destroy();
      plot.current = undefined;
    };
  }, [shape]);

  useEffect(() => {
    plot.current?.setData(dataOf(props));
  }, [props]);

  const choose = (n: number) => {
    const made = plot.current;
    if (made) made.setCursor({ left: made.valToPos(props.at[n] ?? 0, "x"), top: 0 });
    setChosen(n);
  };
  const last = Math.max(0, props.at.length - 1);
  return (
    <div className="plot">
      <input
        type="range"
        className="unseen"
        min={0}
        max={last}
        value={Math.min(chosen ?? last, last)}
        aria-label={t("app.chart.walk", { title: props.title })}
        aria-valuetext={said(props, Math.min(chosen ?? last, last))}
        onFocus={() => choose(chosen ?? last)}
        onBlur={() => plot.current?.setCursor({ left: -10, top: -10 })}
        onChange={(event) => choose(event.currentTarget.valueAsNumber)}
      />
      <div ref={frame} aria-hidden className="frame" />
      {chosen !== null && chosen < props.at.length && <Tip props={props} n={chosen} plot={plot.current} />}
    </div>
  );
}

function Tip({ props, n, plot }: { props: Props; n: number; plot: uPlot | undefined }) {
  const at = props.at[n] as number;
  const left = plot ? plot.valToPos(at, "x") + plot.over.offsetLeft : 0;
  const far = plot ? left > plot.width / 2 : false;
  return (
    <div
      className="tip"
      aria-hidden
      style={far ? { insetInlineEnd: `calc(100% - ${left - 12}px)` } : { insetInlineStart: left + 12 }}
    >
      <strong>{pointInTime(at, stepOf(props.at), props.zone)}</strong>
      {props.series.map((one, s) => (
        <span key={one.name}>
          <i className="dot" style={{ color: colourOf(one, s) }} />
          {one.name}
          <b className="num">{shown(one.values[n], props.format)}</b>
        </span>
      ))}
    </div>
  );
}

const said = (props: Props, n: number): string =>
  [
    pointInTime(props.at[n] ?? 0, stepOf(props.at), props.zone),
    ...props.series.map((one) => `${one.name}: ${shown(one.values[n], props.format)}`),
  ].join(", ");

/** What is stacked is drawn from the top down, each over the one above it. */
function dataOf(props: Props): uPlot.AlignedData {
  const rows = props.stacked ? stacked(props.series).reverse() : props.series.map((one) => one.values);
  return [props.at, ...rows] as uPlot.AlignedData;
}

function optionsOf(held: { current: Props }, box: HTMLElement, choose: (n: number | null) => void): uPlot.Options {
  const props = held.current;
  const style = getComputedStyle(box);
  const colour = (name: string) => style.getPropertyValue(name.replace(/^var\(|\)$/g, "")).trim();
  const [ink, line, panel] = [colour("--mantine-color-dimmed"), colour("--line"), colour("--panel")];
  const grid = { stroke: line, width: 1 };
  const ticks = { show: false };
  const axis = { stroke: ink, font: AXIS_FONT, grid, ticks };
  const bars = props.series.some((one) => one.kind === "bars");
  const drawn = props.series.map((one, n) => drawing(one, n, colour(colourOf(one, n)), panel, props.stacked));
  return {
    width: box.clientWidth || 300,
    height: props.height,
    padding: [8, 20, 0, 8],
    legend: { show: false },
    tzDate: props.zone ? (ts) => uPlot.tzDate(new Date(ts * 1000), props.zone as string) : undefined,
    cursor: { y: false, drag: { x: false, y: false }, points: { show: !props.stacked } },
    scales: {
      x: { range: (u, low, high) => edges(u, low, high, bars) },
      y: { range: (_u, _low, high) => [0, high && high > 0 ? high * 1.08 : 1] },
    },
    series: [{}, ...(props.stacked ? drawn.reverse() : drawn)],
    axes: [
      {
        ...axis,
        space: 72,
        size: 26,
        grid: { show: false },
        values: (_u, splits, _a, _s, step) => splits.map((at) => tick(at, step, props.zone)),
      },
      {
        ...axis,
        size: (_u, values) => Math.max(36, ...(values ?? []).map((value) => 12 + 7 * value.length)),
        incrs: props.whole === false ? undefined : WHOLE,
        values: (_u, splits) => splits.map((value) => held.current.format(value)),
      },
    ],
    hooks: {
      setCursor: [(u) => choose(u.cursor.idx ?? null)],
      draw: [(u) => marks(u, held.current, ink)],
    },
  };
}

/** Bars stand in the middle of their time: the first and the last need half a step of room. */
function edges(u: uPlot, low: number, high: number, bars: boolean): [number, number] {
  const at = u.data[0];
  const step = at.length > 1 ? (at[1] as number) - (at[0] as number) : 60;
  return bars ? [low - step / 2, high + step / 2] : [low, high];
}

const WHOLE = Array.from({ length: 13 }, (_, n) => [1, 2, 5].map((digit) => digit * 10 ** n)).flat();

function drawing(series: Series, n: number, colour: string, panel: string, isStacked?: boolean): uPlot.Series {
  const bars = uPlot.paths.bars?.({ size: [0.8, 40], radius: isStacked ? 0 : 0.1 });
  const kind = series.kind ?? (isStacked ? "area" : "line");
  const points = { show: false };
  if (kind === "bars") return { label: series.name, fill: colour, width: 0, paths: bars, points };
  if (isStacked) return { label: series.name, fill: colour, stroke: panel, width: 1, points };
  const fill = kind === "area" ? `color-mix(in srgb, ${colour} 18%, transparent)` : undefined;
  return {
    label: series.name,
    stroke: colour,
    fill,
    width: 2,
    dash: DASHES[n % DASHES.length],
    points,
    spanGaps: false,
  };
}

function marks(u: uPlot, props: Props, ink: string): void {
  const { ctx } = u;
  ctx.save();
  ctx.strokeStyle = ink;
  ctx.fillStyle = ink;
  ctx.font = `${12 * devicePixelRatio}px system-ui, sans-serif`;
  ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
  for (const mark of props.marks ?? []) {
    const x = u.valToPos(seconds(mark.at), "x", true);
    if (x < u.bbox.left || x > u.bbox.left + u.bbox.width) continue;
    ctx.beginPath();
    ctx.moveTo(x, u.bbox.top);
    ctx.lineTo(x, u.bbox.top + u.bbox.height);
    ctx.stroke();
    // At the right edge its word stands before the line.
    const room = ctx.measureText(mark.label).width + 8 * devicePixelRatio;
    const before = x + room > u.bbox.left + u.bbox.width;
    ctx.textAlign = before ? "end" : "start";
    ctx.fillText(mark.label, x + (before ? -4 : 4) * devicePixelRatio, u.bbox.top + 12 * devicePixelRatio);
  }
  ctx.restore();
}

const readScheme = (): string => document.documentElement.dataset.mantineColorScheme ?? "light";
function onScheme(hear: () => void): () => void {
  const watch = new MutationObserver(hear);
  watch.observe(document.documentElement, { attributeFilter: ["data-mantine-color-scheme"] });
  return () => watch.disconnect();
}
