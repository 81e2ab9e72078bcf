import "./providers.css";
import { IconArrowDown, IconArrowUp, IconBroadcast, IconPlus } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { api, ask } from "@/lib/api";
import { useChange } from "@/lib/change";
import { money, number, percent } from "@/lib/format";
import { say, t } from "@/lib/i18n";
import { useMay } from "@/lib/session";
import { Channel, channelName } from "@/ui/Channel";
import { Button } from "@/ui/controls";
import { IconButton } from "@/ui/IconButton";
import { Mark } from "@/ui/Mark";
import { Page, Panel } from "@/ui/Page";
import { Empty, Loaded } from "@/ui/State";
import { Table } from "@/ui/Table";
import { useBack } from "../back";
import { ACCOUNTS, type Account, CHANNELS, errorsOf, type LiveAccount, stateOf, TONES, useAccounts } from "./account";
import { levels, moved, share } from "./order";

type Live = Record<string, LiveAccount> | undefined;

/** All accounts, by channel, in the order in which they are tried. */
export function ProviderList() {
  const { query, live } = useAccounts();
  const mayWrite = useMay("providers.write");
  const add = (
    <Button component={Link} to="/settings/providers/new" leftSection={<IconPlus size={16} aria-hidden />}>
      {t("provider.add")}
    </Button>
  );
  return (
    <Page title={t("settings.providers")} back={useBack()} actions={mayWrite && query.data?.length ? add : undefined}>
      <p className="soft settings-about">{t("settings.providers.about")}</p>
      <Loaded query={query} rows={3} height={150}>
        {(accounts) =>
          accounts.length ? (
            <div className="stack">
              {CHANNELS.filter((channel) => accounts.some((one) => one.channel === channel)).map((channel) => (
                <OfChannel key={channel} channel={channel} accounts={accounts} live={live} mayWrite={mayWrite} />
              ))}
            </div>
          ) : (
            <Empty
              icon={<IconBroadcast size={32} aria-hidden />}
              title={t("provider.none")}
              text={t("provider.none.text")}
              action={mayWrite ? add : undefined}
            />
          )
        }
      </Loaded>
    </Page>
  );
}

function OfChannel(props: { channel: string; accounts: Account[]; live: Live; mayWrite: boolean }) {
  const { live, mayWrite } = props;
  const accounts = props.accounts.filter((one) => one.channel === props.channel);
  const sending = levels(accounts.filter((one) => one.sends));
  const rows = [...sending.flat(), ...accounts.filter((one) => !one.sends)];
  const reorder = useOrder();
  const state = (one: Account) => stateOf(one, live?.[one.id]);
  return (
    <Panel title={channelName(props.channel)} aside={<Channel name={props.channel} bare />}>
      <Table
        label={channelName(props.channel)}
        rows={rows}
        id={(one) => one.id}
        link={(one) => `/settings/providers/${one.id}`}
        columns={[
          { key: "name", title: t("app.name"), cell: (one) => one.name, width: "30%" },
          {
            key: "state",
            title: t("provider.state"),
            cell: (one) => (
              <Mark tone={TONES[state(one)] ?? "calm"}>{say(`provider.state.${state(one)}`, state(one))}</Mark>
            ),
          },
          {
            key: "health",
            title: t("provider.health"),
            cell: (one) => healthOf(one, live),
            right: true,
            wideOnly: true,
          },
          { key: "taken", title: t("provider.hour"), cell: (one) => (one.sends ? taken(one) : "–"), right: true },
          { key: "errors", title: t("provider.errors"), cell: (one) => number(errorsOf(one)), right: true },
          { key: "pace", title: t("provider.pace"), cell: (one) => pace(one, live), right: true, wideOnly: true },
          { key: "cost", title: t("provider.cost"), cell: cost, right: true, wideOnly: true },
          {
            key: "order",
            title: t("provider.order"),
            cell: (one) =>
              one.sends ? (
                <Order one={one} all={sending} onMove={mayWrite ? reorder : undefined} />
              ) : (
                <span className="soft">{t("provider.receives")}</span>
              ),
            right: true,
          },
        ]}
      />
    </Panel>
  );
}

const healthOf = (one: Account, live: Live) => (one.sends ? percent(live?.[one.id]?.health ?? one.health) : "–");
const taken = (one: Account) => number(one.standing?.accepted_hour ?? 0);
const cost = (one: Account) => (one.unit_cost ? money(one.unit_cost) : "–");
const pace = (one: Account, live: Live) => {
  const found = live?.[one.id]?.per_second ?? one.per_second;
  return found ? t("provider.per_second", { n: number(found) }) : "–";
};

function Order(props: { one: Account; all: Account[][]; onMove?: (input: Move) => void }) {
  const { one, all, onMove } = props;
  const at = all.findIndex((level) => level.includes(one));
  const level = all[at] ?? [];
  const step = (by: -1 | 1) => moved(all.flat(), one.id, by);
  const Arrow = (arrow: { by: -1 | 1 }) => (
    <IconButton
      label={t(arrow.by < 0 ? "provider.earlier" : "provider.later", { name: one.name })}
      Icon={arrow.by < 0 ? IconArrowUp : IconArrowDown}
      disabled={!Object.keys(step(arrow.by)).length}
      run={() => onMove?.({ name: one.name, ranks: step(arrow.by) })}
    />
  );
  return (
    <span className="order">
      <span className="num">
        {t("provider.nth", { n: at + 1 })}
        {level.length > 1 && <span className="soft"> · {percent(share(level, one.weight), 0)}</span>}
      </span>
      {onMove && all.flat().length > 1 && (
        <>
          {Arrow({ by: -1 })}
          {Arrow({ by: 1 })}
        </>
      )}
    </span>
  );
}

type Move = { name: string; ranks: Record<string, number> };

function useOrder(): (input: Move) => void {
  const change = useChange<Move, Account[], unknown>({
    act: ({ ranks }) =>
      Promise.all(
        Object.entries(ranks).map(([provider, rank]) =>
          ask(api.PUT("/api/v1/providers/{provider}", { params: { path: { provider } }, body: { rank } })),
        ),
      ),
    key: ACCOUNTS,
    now: (before, { ranks }) => before.map((one) => ({ ...one, rank: ranks[one.id] ?? one.rank })),
    said: ({ name }) => t("provider.moved", { name }),
    undo: (before, { name, ranks }): unknown => {
      const old = (before ?? []).filter((one) => one.id in ranks).map((one) => [one.id, one.rank]);
      return change.run({ name, ranks: Object.fromEntries(old) });
    },
  });
  return (input) => void change.run(input);
}
