import { Link } from "@tanstack/react-router";
import { clock } from "@/lib/format";
import { say, t } from "@/lib/i18n";
import { useLive } from "@/lib/live";
import type { components } from "@/lib/schema";
import { Channel } from "@/ui/Channel";
import { Panel } from "@/ui/Page";

type Failover = components["schemas"]["Failover"];
type Overview = { going: Record<string, { id: string; name: string }> };

/** Failover while it happens, in the newest campaign that is under way. */
export function Happens() {
  const overview = useLive<Overview>("overview");
  const newest = Object.values(overview?.going ?? {}).sort((a, b) => Number(b.id) - Number(a.id))[0];
  const campaign = useLive<{ failovers: Failover[] | null }>(newest ? `campaign:${newest.id}` : null);
  const failovers = (campaign?.failovers ?? []).slice(0, 8);
  return (
    <Panel
      title={t("world.happens")}
      aside={
        newest && (
          <Link
            to="/campaigns/$campaign"
            params={{ campaign: newest.id }}
            style={{ fontSize: "0.875rem", color: "var(--mantine-color-anchor)" }}
          >
            {newest.name}
          </Link>
        )
      }
    >
      {failovers.length === 0 ? (
        <p className="soft" style={{ margin: 0 }}>
          {t(newest ? "world.happens.none" : "world.happens.idle")}
        </p>
      ) : (
        <ul style={{ listStyle: "none", margin: 0, padding: 0, display: "grid", gap: 8 }}>
          {failovers.map((one) => (
            <li key={one.id} style={{ display: "flex", flexWrap: "wrap", gap: "2px 12px", fontSize: "0.875rem" }}>
              <time className="soft num" dateTime={one.at ?? undefined}>
                {one.at ? clock(one.at) : "–"}
              </time>
              <span style={{ display: "inline-flex", gap: 8, flexWrap: "wrap", alignItems: "center" }}>
                <Channel name={one.failed.channel} bare /> {one.failed.provider}
                <span className="soft">{one.failed.code || one.failed.failure || one.failed.state}</span>
                {one.next && (
                  <>
                    <span aria-hidden>→</span>
                    <span className="unseen">{t("world.happens.then")}</span>
                    <Channel name={one.next.channel} bare /> {one.next.provider}
                  </>
                )}
                <strong style={{ fontWeight: 550 }}>{say(`world.outcome.${one.outcome}`, one.outcome)}</strong>
              </span>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
