import { useState } from "react";
import { percent } from "@/lib/format";
import { Bars } from "@/ui/Bars";
import { Channel } from "@/ui/Channel";
import { Chart } from "@/ui/Chart";
import { Button } from "@/ui/controls";
import { Funnel } from "@/ui/Funnel";
import { Panel } from "@/ui/Page";
import { Sparkline } from "@/ui/Sparkline";

const START = Date.UTC(2026, 0, 5, 6) / 1000;
const wave = (n: number, size: number) => Math.round(size * (1 + Math.sin(n / 7)) + (n % 5));

export function Pictures() {
  const [minutes, setMinutes] = useState(60);
  const at = Array.from({ length: minutes }, (_, n) => START + 60 * n);
  const values = (size: number) => at.map((_, n) => wave(n, size));
  return (
    <>
      <Panel title="Chart" aside={<Button onClick={() => setMinutes(minutes + 1)}>One minute more</Button>}>
        <Chart
          title="Sent per minute"
          at={at}
          series={[
            { name: "E-mail", channel: "email", values: values(40) },
            { name: "SMS", channel: "sms", values: values(25) },
          ]}
          marks={[{ at: START + 1200, label: "Paused" }]}
        />
      </Panel>
      <div className="grid">
        <Panel title="Stacked bars">
          <Chart
            title="Sent by channel"
            at={at}
            stacked
            height={180}
            series={[
              { name: "E-mail", channel: "email", kind: "bars", values: values(30) },
              { name: "SMS", channel: "sms", kind: "bars", values: values(10) },
              { name: "Push", channel: "push", kind: "bars", values: values(20) },
            ]}
          />
        </Panel>
        <Panel title="Area">
          <Chart title="Opened" at={at} height={180} series={[{ name: "Opened", kind: "area", values: values(9) }]} />
        </Panel>
      </div>
      <div className="grid">
        <Panel title="Bars">
          <Bars
            label="Clicked, by variant"
            format={(value) => percent(value, 1)}
            bars={[
              { key: "a", label: "Variant A", value: 0.041, low: 0.035, high: 0.047, note: "3,120 people" },
              { key: "b", label: <Channel name="sms" />, value: 0.055, low: 0.048, high: 0.063, channel: "sms" },
            ]}
          />
        </Panel>
        <Panel title="Sparkline">
          <Sparkline label="Sent, the last hour" values={values(12)} channel="email" />
        </Panel>
      </div>
      <Panel title="Funnel">
        <Funnel
          label="From sent to bought"
          steps={[
            { key: "sent", label: "Sent", value: 12_000 },
            { key: "delivered", label: "Delivered", value: 11_800 },
            { key: "opened", label: "Opened", value: 5_400 },
            { key: "clicked", label: "Clicked", value: 900 },
          ]}
        />
      </Panel>
    </>
  );
}
