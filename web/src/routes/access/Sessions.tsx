import { IconDeviceDesktop, IconDeviceMobile } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { api, ask } from "@/lib/api";
import { useChange } from "@/lib/change";
import { list as listed, time } from "@/lib/format";
import { say, t, tn } from "@/lib/i18n";
import type { components } from "@/lib/schema";
import { Button } from "@/ui/controls";
import { Mark } from "@/ui/Mark";
import { Loaded } from "@/ui/State";
import { When } from "@/ui/When";

type Session = components["schemas"]["SessionView"];
type Held = { sessions: Session[] };
const SESSIONS = ["sessions"];

/** Which device, where and when; ended one by one, or all but this. */
export function Sessions() {
  const query = useQuery({ queryKey: SESSIONS, queryFn: () => ask(api.GET("/api/v1/me/sessions")) });
  const end = useChange({
    act: (one: Session) => ask(api.DELETE("/api/v1/me/sessions/{session}", { params: { path: { session: one.id } } })),
    key: SESSIONS,
    now: (before: Held, one) => ({ sessions: before.sessions.filter((each) => each.id !== one.id) }),
    said: (one) => t("access.session.ended", { client: one.client }),
  });
  const endOthers = useChange({
    act: (_: undefined) => ask(api.DELETE("/api/v1/me/sessions")),
    key: SESSIONS,
    now: (before: Held) => ({ sessions: before.sessions.filter((one) => one.current) }),
    said: (_, answer) => tn("access.sessions.ended", answer.ended),
  });
  return (
    <Loaded query={query} rows={2} height={44}>
      {({ sessions }) => (
        <>
          <ul className="rows">
            {sessions.map((one) => (
              <Row key={one.id} one={one} onEnd={() => void end.run(one)} />
            ))}
          </ul>
          {sessions.length > 1 && (
            <div className="part-acts">
              <Button variant="default" loading={endOthers.busy} onClick={() => void endOthers.run(undefined)}>
                {t("access.sessions.end")}
              </Button>
            </div>
          )}
        </>
      )}
    </Loaded>
  );
}

function Row({ one, onEnd }: { one: Session; onEnd: () => void }) {
  const Icon = /Android|iPhone|iPad/.test(one.client) ? IconDeviceMobile : IconDeviceDesktop;
  const factors = one.factors.map((factor) => say(`access.factor.${factor}`, factor));
  return (
    <li>
      <Icon size={20} aria-hidden className="soft" />
      <div>
        <strong>{one.client}</strong>
        <span className="soft small">
          {[one.address, factors.length > 0 && t("access.session.by", { factors: listed(factors) })]
            .filter(Boolean)
            .join(" · ")}
        </span>
        <span className="soft small">{t("access.session.since", { time: time(one.created_at) })}</span>
      </div>
      <div className="row-acts">
        {one.current ? (
          <Mark tone="good">{t("access.session.current")}</Mark>
        ) : (
          <>
            <span className="soft small">
              <When wall at={one.seen_at} />
            </span>
            <Button
              variant="default"
              size="xs"
              aria-label={t("access.session.end_of", { client: one.client })}
              onClick={onEnd}
            >
              {t("access.session.end")}
            </Button>
          </>
        )}
      </div>
    </li>
  );
}
