import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { api, ask } from "@/lib/api";
import { say, t } from "@/lib/i18n";
import { usePages } from "@/lib/pages";
import { useUrlState } from "@/lib/url";
import { Channel } from "@/ui/Channel";
import { Anchor, Button, NativeSelect, TextInput } from "@/ui/controls";
import { Mark, type Tone } from "@/ui/Mark";
import { Panel } from "@/ui/Page";
import { Empty } from "@/ui/State";
import { type Column, Table } from "@/ui/Table";
import { keyOf, type LiveCampaign, type Recipient } from "../campaign";
import { useTyped } from "../Filters";
import { addressOf } from "./address";
import { useSlowly } from "./data";
import { variantName } from "./Results";
import { Why } from "./Why";

const OUTCOMES = ["delivered", "sent", "open", "waiting", "failed", "dropped", "cancelled"] as const;
const REASONS = [
  "opted_out",
  "unwanted",
  "no_consent",
  "unreachable",
  "quiet_hours",
  "capped",
  "duplicate",
  "not_eligible",
  "over_budget",
  "budget_spent",
  "expired",
  "paused",
  "provider_down",
] as const;
const TONES: Record<string, Tone> = {
  delivered: "good",
  sent: "live",
  open: "live",
  waiting: "warn",
  failed: "bad",
  dropped: "calm",
  cancelled: "calm",
};

type Named = Recipient & { name?: string };

/** Who got it, who did not, and why: one line a person. */
export default function Recipients(props: { campaign: string; live: LiveCampaign | undefined }) {
  const { campaign } = props;
  const [outcome, setOutcome] = useUrlState("outcome", "");
  const [reason, setReason] = useUrlState("reason", "");
  const [who, setWho] = useUrlState("who", "");
  const [text, setText] = useTyped(who, setWho);
  const [shown, setShown] = useState<Named>();
  const list = usePages([...keyOf(campaign), "recipients", outcome, reason, who], async (cursor) => {
    const query = {
      outcome: outcome || undefined,
      reason: reason || undefined,
      who: who || undefined,
      cursor: cursor === undefined ? undefined : Number(cursor),
      limit: 100,
    };
    const page = await ask(
      api.GET("/api/v1/campaigns/{campaign}/recipients", { params: { path: { campaign }, query } }),
    );
    const rows: Named[] = page.recipients.map((one) => ({ ...one, name: page.names?.[one.person] }));
    return { rows, next: page.cursor };
  });
  useSlowly(props.live, () => {
    if (list.rows === undefined || list.rows.length <= 100) void list.refetch();
  });
  const clear = () => {
    setOutcome("");
    setReason("");
    setWho("");
  };
  return (
    <>
      <search className="filters">
        <TextInput
          label={t("campaigns.who")}
          placeholder={t("campaigns.who.help")}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <NativeSelect
          label={t("campaigns.outcome")}
          value={outcome}
          onChange={(event) => setOutcome(event.currentTarget.value)}
          data={[
            { value: "", label: t("campaigns.any") },
            ...OUTCOMES.map((value) => ({ value, label: t(`campaigns.outcome.${value}`) })),
          ]}
        />
        <NativeSelect
          label={t("campaigns.reason")}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
          data={[
            { value: "", label: t("campaigns.any") },
            ...REASONS.map((value) => ({ value, label: t(`campaigns.reason.${value}`) })),
          ]}
        />
      </search>
      <Panel className="flush">
        <Table
          label={t("campaigns.tab.people")}
          {...list}
          id={(one) => one.notification}
          columns={columns(setShown)}
          empty={
            outcome || reason || who ? (
              <Empty
                title={t("campaigns.people.none_found")}
                action={
                  <Button variant="default" onClick={clear}>
                    {t("campaigns.people.all")}
                  </Button>
                }
              />
            ) : (
              <Empty title={t("campaigns.people.none")} text={t("campaigns.people.none.text")} />
            )
          }
        />
      </Panel>
      <Why one={shown} name={shown?.name} onClose={() => setShown(undefined)} />
    </>
  );
}

const columns = (show: (one: Named) => void): Column<Named>[] => [
  {
    key: "person",
    title: t("campaigns.person"),
    cell: (one) => (
      <Anchor component={Link} to={`/people/id:${one.person}`} size="sm">
        {one.name ||
          (one.address && one.channel
            ? addressOf(one.channel, one.address)
            : t("campaigns.person_n", { n: one.person }))}
      </Anchor>
    ),
  },
  {
    key: "outcome",
    title: t("campaigns.outcome"),
    cell: (one) => <Mark tone={TONES[one.state] ?? "calm"}>{say(`campaigns.outcome.${one.state}`, one.state)}</Mark>,
  },
  {
    key: "channel",
    title: t("campaigns.channel"),
    cell: (one) => (one.channel ? <Channel name={one.channel} /> : <span className="soft">–</span>),
  },
  {
    key: "address",
    title: t("campaigns.address"),
    cell: (one) => (one.address && one.channel ? addressOf(one.channel, one.address) : <span className="soft">–</span>),
    wideOnly: true,
  },
  {
    key: "because",
    title: t("campaigns.because"),
    cell: (one) => (
      <>
        {one.reason ? say(`campaigns.reason.${one.reason}`, one.reason) : one.because}
        {one.variant && <small className="soft block">{variantName(one.variant)}</small>}
      </>
    ),
  },
  {
    key: "why",
    title: "",
    width: "72px",
    cell: (one) => (
      <Button
        variant="subtle"
        size="compact-sm"
        aria-label={t("campaigns.why_of", { name: one.name ?? one.person })}
        onClick={() => show(one)}
      >
        {t("campaigns.why")}
      </Button>
    ),
  },
];
