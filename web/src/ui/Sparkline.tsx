import { number } from "@/lib/format";
import { t } from "@/lib/i18n";
import { channelColour } from "./Channel";
import { extremes } from "./series";

/** A way in the size of a word. `label` says what of: "Sent, the last hour". */
export function Sparkline(props: {
  label: string;
  values: number[];
  channel?: string;
  width?: number;
  height?: number;
  format?: (value: number) => string;
}) {
  const { width = 96, height = 24, format = number } = props;
  const found = extremes(props.values);
  const most = Math.max(found?.most ?? 0, 1e-9);
  const across = (width - 3) / Math.max(1, props.values.length - 1);
  const points = props.values.map((value, n) => {
    const x = 1.5 + n * across;
    return `${x.toFixed(1)},${(height - 2 - (Math.max(0, value) / most) * (height - 4)).toFixed(1)}`;
  });
  const said = found
    ? t("app.spark", { name: props.label, last: format(found.last), most: format(found.most) })
    : `${props.label}: ${t("app.chart.empty")}`;
  return (
    <svg width={width} height={height} role="img" aria-label={said} style={{ display: "block", flexShrink: 0 }}>
      <polyline
        points={points.join(" ")}
        fill="none"
        stroke={props.channel ? channelColour(props.channel) : "var(--mantine-color-anchor)"}
        strokeWidth={1.75}
        strokeLinejoin="round"
      />
    </svg>
  );
}
