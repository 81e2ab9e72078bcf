import { useQuery } from "@tanstack/react-query";
import { api, ask } from "@/lib/api";
import { say, t } from "@/lib/i18n";
import { useLive } from "@/lib/live";
import { queryClient } from "@/lib/query";
import { Channel } from "@/ui/Channel";
import { Switch as Toggle } from "@/ui/controls";
import { Mark } from "@/ui/Mark";
import { Panel } from "@/ui/Page";
import { Loaded } from "@/ui/State";
import { failed } from "@/ui/toast";
import { accountAt, channelAt, type LiveProvider, type Switch } from "./world";

const ACTS = ["off", "slow", "throttle"] as const;

/** Each account of the outside with what can go wrong there; below, what happens to receipts on their way back. */
export function Faults(props: { on: string[] }) {
  const faults = useQuery({ queryKey: ["faults"], queryFn: () => ask(api.GET("/api/v1/sandbox/faults")) });
  const providers = useQuery({ queryKey: ["providers"], queryFn: () => ask(api.GET("/api/v1/providers")) });
  const live = useLive<{ providers: Record<string, LiveProvider> }>("providers");
  return (
    <Loaded query={faults} rows={8}>
      {({ switches }) => {
        const on = new Set(props.on);
        const places = [...new Set(switches.filter((one) => ACTS.includes(one.act as never)).map((one) => one.at))];
        const known = places.flatMap((at) => {
          const name = accountAt(at, providers.data ?? []);
          return name ? [{ at, name }] : [];
        });
        const others = switches.filter((one) => !ACTS.includes(one.act as never));
        const state = (name: string) => Object.values(live?.providers ?? {}).find((one) => one.name === name)?.state;
        return (
          <>
            <Panel title={t("world.providers")}>
              <div style={{ display: "grid", gap: 4 }}>
                {known.map(({ at, name }) => (
                  <Account key={at} at={at} name={name} state={state(name)} on={on} switches={switches} />
                ))}
              </div>
            </Panel>
            <Panel title={t("world.receipts")}>
              <div className="grid" style={{ "--min": "220px", gap: 12 } as React.CSSProperties}>
                {others.map((one) => (
                  <Toggle
                    key={one.name}
                    checked={on.has(one.name)}
                    label={say(`world.fault.${one.act}`, one.act)}
                    description={say(`world.fault.${one.act}.text`, "")}
                    onChange={(event) => void flip(one.name, event.currentTarget.checked)}
                  />
                ))}
              </div>
            </Panel>
          </>
        );
      }}
    </Loaded>
  );
}

function Account(props: { at: string; name: string; state: string | undefined; on: Set<string>; switches: Switch[] }) {
  const { at, name, on } = props;
  return (
    <fieldset
      aria-label={name}
      style={{
        border: 0,
        margin: 0,
        padding: 0,
        display: "flex",
        flexWrap: "wrap",
        gap: "8px 20px",
        alignItems: "center",
        minHeight: 44,
        paddingBlock: 4,
      }}
    >
      <span style={{ flex: "1 1 180px", display: "flex", gap: 8, alignItems: "center" }}>
        <Channel name={channelAt(at)} bare /> {name}
      </span>
      <span style={{ width: 96 }}>
        {props.state && (
          <Mark tone={props.state === "up" ? "good" : "bad"}>{say(`world.state.${props.state}`, props.state)}</Mark>
        )}
      </span>
      {ACTS.flatMap((act) => props.switches.filter((one) => one.at === at && one.act === act)).map((one) => (
        <Toggle
          key={one.name}
          size="sm"
          color={one.act === "off" ? "red" : undefined}
          checked={on.has(one.name)}
          label={say(`world.act.${one.act}`, one.act)}
          aria-label={`${name}: ${say(`world.act.${one.act}`, one.act)}`}
          onChange={(event) => void flip(one.name, event.currentTarget.checked)}
        />
      ))}
    </fieldset>
  );
}

async function flip(name: string, on: boolean): Promise<void> {
  try {
    const view = await ask(api.POST("/api/v1/sandbox/faults/{name}", { params: { path: { name } }, body: { on } }));
    queryClient.setQueryData(["faults"], view);
  } catch (error) {
    failed(error);
  }
}
