import { IconArrowRight, IconRoute } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { api, ask } from "@/lib/api";
import { clock } from "@/lib/format";
import { say, t } from "@/lib/i18n";
import { usePages } from "@/lib/pages";
import { Channel } from "@/ui/Channel";
import { Button } from "@/ui/controls";
import { Mark, type Tone } from "@/ui/Mark";
import { Panel } from "@/ui/Page";
import { Empty, Failed, Waiting } from "@/ui/State";
import { type Failover, keyOf, type LiveCampaign } from "../campaign";
import { addressOf } from "./address";

/** Who failed on what, by what evidence, and where it went next: the newest come in at the top. */
export default function Failovers(props: { campaign: string; live: LiveCampaign | undefined }) {
  const { campaign, live } = props;
  const older = usePages([...keyOf(campaign), "failovers"], async (cursor) => {
    const query = { limit: 50, cursor };
    const page = await ask(
      api.GET("/api/v1/campaigns/{campaign}/failovers", { params: { path: { campaign }, query } }),
    );
    return { rows: page.failovers, next: page.cursor };
  });
  if (!older.rows)
    return older.error ? (
      <Failed error={older.error} retry={() => void older.refetch()} />
    ) : (
      <Waiting rows={6} height={56} />
    );
  const rows = joined(live?.failovers ?? [], older.rows);
  if (!rows.length)
    return (
      <Panel>
        <Empty
          icon={<IconRoute size={40} aria-hidden />}
          title={t("campaigns.failovers.none")}
          text={t("campaigns.failovers.none.text")}
        />
      </Panel>
    );
  return (
    <Panel title={t("campaigns.tab.failovers")}>
      <ol className="stream">
        {rows.map((one) => (
          <One key={one.id} one={one} />
        ))}
      </ol>
      {older.more && (
        <div style={{ display: "grid", justifyItems: "center", paddingTop: 12 }}>
          <Button variant="default" loading={older.more.busy} onClick={older.more.load}>
            {t("app.show_more")}
          </Button>
        </div>
      )}
    </Panel>
  );
}

/** The live ones say more of the same; each stands once, the newest first. */
export function joined(newest: Failover[], older: Failover[]): Failover[] {
  const by = new Map([...older, ...newest].map((one) => [one.id, one]));
  return [...by.values()].sort((a, b) => Number(b.id) - Number(a.id));
}

const TONES: Record<string, Tone> = { delivered: "good", sent: "live", open: "live", failed: "bad", dropped: "bad" };

function One({ one }: { one: Failover }) {
  const { failed, next } = one;
  const evidence = [
    say(`campaigns.failure.${failed.failure ?? failed.state}`, failed.failure ?? failed.state),
    failed.code,
  ]
    .filter(Boolean)
    .join(" · ");
  return (
    <li>
      <time className="soft num" dateTime={one.at ?? undefined}>
        {one.at ? clock(one.at) : "–"}
      </time>
      <span className="hop">
        <Channel name={failed.channel} />
        <Link to="/people/$who" params={{ who: `id:${one.person}` }} className="quiet" title={failed.address}>
          {addressOf(failed.channel, failed.address)}
        </Link>
        <small className="bad-word">{evidence}</small>
      </span>
      <IconArrowRight size={16} aria-label={t("campaigns.then")} role="img" className="soft" />
      <span className="hop">
        <Channel name={next.channel} />
        <span>{addressOf(next.channel, next.address)}</span>
        <small className="soft">{next.provider}</small>
      </span>
      <Mark tone={TONES[one.outcome] ?? "calm"}>{say(`campaigns.outcome.${one.outcome}`, one.outcome)}</Mark>
    </li>
  );
}
