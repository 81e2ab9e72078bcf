import { useEffect, useState } from "react";
import { api, ask } from "@/lib/api";
import { moved, now } from "@/lib/company";
import { number, time } from "@/lib/format";
import { say, t, tn } from "@/lib/i18n";
import { Button } from "@/ui/controls";
import { Panel } from "@/ui/Page";
import { failed } from "@/ui/toast";
import type { LiveSandbox } from "./world";

const JUMPS = ["1h", "1d", "21d"] as const;

type Move = { advance: string } | { hold: true } | { release: true };

/** Product time: it can be moved, and everything that waits comes due. */
export function Clock(props: { sandbox: LiveSandbox | undefined }) {
  const { sandbox } = props;
  const [busy, setBusy] = useState<string>();
  const now = useNow(sandbox);
  const move = async (name: string, body: Move) => {
    setBusy(name);
    await ask(api.POST("/api/v1/sandbox/clock", { body: body as never })).catch(failed);
    setBusy(undefined);
  };
  return (
    <Panel title={t("world.clock")}>
      <div style={{ display: "grid", gap: 12 }}>
        <div>
          <div className="num" style={{ fontSize: "1.125rem", fontWeight: 600, minHeight: 28 }}>
            {now ? time(now) : " "}
          </div>
          <div className="soft" style={{ fontSize: "0.8125rem" }}>
            {t(sandbox?.held ? "world.clock.held" : "world.clock.runs")}
          </div>
        </div>
        <div style={{ display: "flex", flexWrap: "wrap", gap: 8 }}>
          {JUMPS.map((by) => (
            <Button
              key={by}
              variant="default"
              loading={busy === by}
              disabled={!sandbox}
              onClick={() => void move(by, { advance: by })}
            >
              {t(`world.clock.${by}`)}
            </Button>
          ))}
        </div>
        <Button
          variant="subtle"
          disabled={!sandbox}
          onClick={() => void move("hold", sandbox?.held ? { release: true } : { hold: true })}
        >
          {t(sandbox?.held ? "world.clock.release" : "world.clock.hold")}
        </Button>
        <p className="soft" role="status" style={{ margin: 0, fontSize: "0.875rem" }}>
          {sandbox?.due ? tn("world.due", sandbox.due) : t("world.due.none")}
        </p>
        {sandbox?.counts && (
          <dl
            style={{
              display: "grid",
              gridTemplateColumns: "1fr auto",
              gap: "4px 12px",
              margin: 0,
              fontSize: "0.875rem",
            }}
          >
            {Object.entries(sandbox.counts).map(([name, n]) => (
              <div key={name} style={{ display: "contents" }}>
                <dt className="soft">{say(`world.count.${name}`, name.replaceAll("_", " "))}</dt>
                <dd className="num" style={{ margin: 0, textAlign: "end" }}>
                  {number(n)}
                </dd>
              </div>
            ))}
          </dl>
        )}
      </div>
    </Panel>
  );
}

/** Ticks here between what the server says; every "3 minutes ago" goes by it. */
function useNow(sandbox: LiveSandbox | undefined): Date | undefined {
  const { now: held, offset_s } = sandbox ?? {};
  useEffect(() => {
    if (held !== undefined) moved(held, offset_s ?? null);
  }, [held, offset_s]);
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((n) => n + 1), 1000);
    return () => clearInterval(timer);
  }, []);
  return sandbox && new Date(now());
}
