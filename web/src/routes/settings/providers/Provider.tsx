import "./providers.css";
import { useQuery } from "@tanstack/react-query";
import { api, ask } from "@/lib/api";
import { useChange } from "@/lib/change";
import { say, t } from "@/lib/i18n";
import { useLive } from "@/lib/live";
import { useMay } from "@/lib/session";
import { useUrlState } from "@/lib/url";
import { Channel } from "@/ui/Channel";
import { Button, Tabs } from "@/ui/controls";
import { Mark } from "@/ui/Mark";
import { Page } from "@/ui/Page";
import { Loaded } from "@/ui/State";
import { ACCOUNTS, adapterTitle, type Detail, type LiveAccount, stateOf, TONES } from "./account";
import { Connection } from "./Connection";
import { Dns } from "./Dns";
import { Now } from "./Now";
import { Terms } from "./Terms";

export type LiveReceiver = { per_second: number; deferred: number; code: string };
export type LiveDetail = LiveAccount & { receivers: Record<string, LiveReceiver> };

const BACK = () => ({ to: "/settings/providers", label: t("settings.providers") });
export const detailKey = (id: string) => ["provider", id];

/** One account: how it stands, what it is, how fast and at what price, what the DNS must say. */
export default function Provider(props: { id: string }) {
  const query = useQuery({
    queryKey: detailKey(props.id),
    queryFn: () => ask(api.GET("/api/v1/providers/{provider}", { params: { path: { provider: props.id } } })),
    refetchInterval: 10_000,
  });
  const live = useLive<LiveDetail>(query.data ? `provider:${query.data.provider.id}` : null);
  if (!query.data)
    return (
      <Page title={t("settings.providers")} back={BACK()}>
        <Loaded query={query} rows={4} height={72}>
          {() => null}
        </Loaded>
      </Page>
    );
  return <Whole detail={query.data} live={live} />;
}

type Tab = "now" | "connection" | "terms" | "dns";

function Whole(props: { detail: Detail; live: LiveDetail | undefined }) {
  const { provider, adapter } = props.detail;
  const [tab, setTab] = useUrlState<Tab>("tab", "now");
  const state = stateOf(provider, props.live);
  const mayWrite = useMay("providers.write");
  const tabs: Tab[] = ["now", ...(mayWrite && adapter ? (["connection"] as const) : [])];
  if (provider.sends) tabs.push("terms");
  if (provider.channel === "email") tabs.push("dns");
  const shown = tabs.includes(tab) ? tab : "now";
  return (
    <Page
      title={provider.name}
      back={BACK()}
      badge={<Mark tone={TONES[state] ?? "calm"}>{say(`provider.state.${state}`, state)}</Mark>}
      actions={mayWrite && <OnOff detail={props.detail} />}
    >
      <p className="soft settings-about with-channel">
        <Channel name={provider.channel} />
        <span>{adapter ? adapterTitle(adapter) : provider.adapter}</span>
      </p>
      <Tabs value={shown} onChange={(next) => setTab(tabs.find((one) => one === next) ?? "now")} keepMounted={false}>
        <Tabs.List mb="md">
          {tabs.map((one) => (
            <Tabs.Tab key={one} value={one}>
              {t(`provider.tab.${one}`)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="now">
          <Now detail={props.detail} live={props.live} />
        </Tabs.Panel>
        <Tabs.Panel value="connection">
          <Connection detail={props.detail} />
        </Tabs.Panel>
        <Tabs.Panel value="terms">
          <Terms detail={props.detail} />
        </Tabs.Panel>
        <Tabs.Panel value="dns">
          <Dns id={provider.id} />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}

function OnOff({ detail }: { detail: Detail }) {
  const { provider } = detail;
  const change = useChange<boolean, Detail, unknown>({
    act: (on) =>
      ask(
        api.POST("/api/v1/providers/{provider}/{act}", {
          params: { path: { provider: provider.id, act: on ? "enable" : "disable" } },
        }),
      ),
    key: detailKey(provider.id),
    now: (before, on) => ({ ...before, provider: { ...before.provider, enabled: on } }),
    said: (on) => t(on ? "provider.is_on" : "provider.is_off", { name: provider.name }),
    undo: (_before, on): unknown => change.run(!on),
    also: [ACCOUNTS],
  });
  return (
    <Button variant="default" loading={change.busy} onClick={() => void change.run(!provider.enabled)}>
      {t(provider.enabled ? "provider.switch_off" : "provider.switch_on")}
    </Button>
  );
}
