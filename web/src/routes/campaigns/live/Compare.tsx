import { money, number, percent } from "@/lib/format";
import { t, tn } from "@/lib/i18n";
import { Channel, channelName } from "@/ui/Channel";
import type { ShiftPreview } from "../campaign";

type Side = ShiftPreview["shifted"];

/** As planned and shifted, side by side: people by channel, cost, conversions with how sure that is. */
export function Compare(props: { preview: ShiftPreview; planned: boolean }) {
  const { preview } = props;
  const channels = [
    ...new Set([...preview.as_planned.channels, ...preview.shifted.channels].map((one) => one.channel)),
  ].sort();
  const people = (side: Side, channel: string) => side.channels.find((one) => one.channel === channel)?.people ?? 0;
  const sides: [string, Side][] = [[t("campaigns.shift.planned"), preview.as_planned]];
  if (!props.planned) sides.push([t("campaigns.shift.to", { channel: channelName(preview.channel) }), preview.shifted]);
  return (
    <>
      <div className="scroll">
        <table className="data compare">
          <caption className="unseen">{t("campaigns.shift.effect")}</caption>
          <thead>
            <tr>
              <th scope="col">{tn("campaigns.shift.rest", preview.rest)}</th>
              {sides.map(([name]) => (
                <th key={name} scope="col" className="right">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {channels.map((channel) => (
              <tr key={channel}>
                <th scope="row">
                  <Channel name={channel} />
                </th>
                {sides.map(([name, side]) => (
                  <td key={name} className="right">
                    {number(people(side, channel))}
                  </td>
                ))}
              </tr>
            ))}
            <Line name={t("campaigns.shift.not_told")} sides={sides} say={(side) => number(side.not_told)} />
            <Line name={t("campaigns.cost")} sides={sides} say={(side) => money(side.cost)} />
            <Line name={t("campaigns.shift.conversions")} sides={sides} say={conversions} strong />
            <Line
              name={t("campaigns.per_conversion")}
              sides={sides}
              say={(side) => (side.conversions ? money(side.cost / side.conversions) : "–")}
            />
          </tbody>
        </table>
      </div>
      <p className="soft small" style={{ margin: "8px 0 0" }}>
        {!props.planned && preview.keep > 0 && `${tn("campaigns.shift.keep", preview.keep)} `}
        {preview.margin > 0 &&
          t("campaigns.review.sample", { n: number(preview.looked_at), margin: percent(preview.margin) })}
      </p>
    </>
  );
}

function Line(props: { name: string; sides: [string, Side][]; say: (side: Side) => string; strong?: boolean }) {
  return (
    <tr style={{ fontWeight: props.strong ? 650 : undefined }}>
      <th scope="row">{props.name}</th>
      {props.sides.map(([name, side]) => (
        <td key={name} className="right">
          {props.say(side)}
        </td>
      ))}
    </tr>
  );
}

function conversions(side: Side): string {
  if (side.conversions === null) return t("campaigns.shift.unknown");
  const middle = number(Math.round(side.conversions));
  if (side.low === null || side.high === null) return middle;
  const range = t("app.interval", { low: number(Math.round(side.low)), high: number(Math.round(side.high)) });
  return `${middle} (${range})`;
}
