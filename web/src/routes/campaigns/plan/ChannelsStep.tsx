import { money, number, percent } from "@/lib/format";
import { t } from "@/lib/i18n";
import { Channel, channelName } from "@/ui/Channel";
import { Checkbox, Radio } from "@/ui/controls";
import { useMessage, usePrices, useReach } from "./data";
import type { StepProps } from "./Editor";

const WAYS = ["definite", "silence"] as const;

/** Which channels may be used; each person gets one of them. And what starts the next one. */
export default function ChannelsStep({ plan, change, flaw }: StepProps) {
  const message = useMessage(plan.message);
  const reach = useReach(plan);
  const prices = usePrices();
  const offered = message?.channels ?? plan.channels;
  const found = reach.data;
  const reachable = (message && found?.reach_by_topic[message.topic]) ?? found?.reach ?? {};
  if (!plan.message) return <p className="soft">{t("campaigns.message.first")}</p>;
  const turn = (channel: string, on: boolean) =>
    change({
      channels: on
        ? offered.filter((one) => one === channel || plan.channels.includes(one))
        : plan.channels.filter((one) => one !== channel),
    });
  const wrong = flaw("channels") ?? plan.channels.map((_, n) => flaw(`channels[${n}]`)).find(Boolean);
  return (
    <div className="fields">
      <Checkbox.Group label={t("campaigns.channels.use")} value={plan.channels} error={wrong}>
        <div className="choices">
          {offered.map((channel) => {
            const n = reachable[channel];
            const price = prices[channel];
            return (
              <Checkbox.Card
                key={channel}
                value={channel}
                className="choice"
                aria-label={channelName(channel)}
                checked={plan.channels.includes(channel)}
                onChange={(on) => turn(channel, on)}
              >
                <Checkbox.Indicator />
                <Channel name={channel} />
                <span className="soft small num" style={{ marginInlineStart: "auto", textAlign: "end" }}>
                  {found &&
                    t("campaigns.channels.reach", {
                      n: number(n ?? 0),
                      share: percent(found.count ? (n ?? 0) / found.count : 0),
                    })}
                  {price !== undefined && (
                    <>
                      <br />
                      {price ? t("campaigns.channels.price", { price: money(price) }) : t("campaigns.channels.free")}
                    </>
                  )}
                </span>
              </Checkbox.Card>
            );
          })}
        </div>
      </Checkbox.Group>
      {plan.channels.length === 0 && <p className="warns">{t("campaigns.channels.none")}</p>}
      <Radio.Group
        label={t("campaigns.failover")}
        value={plan.failover_on}
        onChange={(value) => change({ failover_on: value === "silence" ? "silence" : "definite" })}
      >
        <div className="fields" style={{ marginTop: 8, gap: 12 }}>
          {WAYS.map((way) => (
            <Radio
              key={way}
              value={way}
              label={t(`campaigns.failover.${way}`)}
              description={t(`campaigns.failover.${way}.text`)}
            />
          ))}
        </div>
      </Radio.Group>
    </div>
  );
}
