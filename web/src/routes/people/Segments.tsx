import { Link } from "@tanstack/react-router";
import { day } from "@/lib/format";
import { say, t } from "@/lib/i18n";
import { Panel } from "@/ui/Page";
import { onDay, type PersonPage } from "./people";

type Belonging = { id: string; name: string; since: string; why: string; until: string | null; cause: string };

/** Which segments they are in, why, and until when time alone changes nothing. */
export function Belongs({ page }: { page: PersonPage }) {
  const stages = page.stages.map((one) => ({
    id: one.segment,
    name: `${one.ladder}: ${one.stage}`,
    since: one.since,
    why: one.why,
    until: one.time_ends_at,
    cause: "",
  }));
  const segments = page.segments.map((one) => ({ ...one, until: one.time_ends_at }));
  const all: Belonging[] = [...stages, ...segments];
  return (
    <Panel title={t("people.segments")}>
      {all.length ? (
        <ul className="rows">
          {all.map((one) => (
            <li key={one.id}>
              <div className="grows">
                <div className="ends">
                  <Link to="/segments/$segment" params={{ segment: one.id }}>
                    {one.name}
                  </Link>
                  <span className="small soft num">{onDay(one.since)}</span>
                </div>
                <div className="small soft">
                  {[
                    one.why || say(`people.cause.${one.cause}`, ""),
                    one.until && t("people.segment.until", { day: day(one.until) }),
                  ]
                    .filter(Boolean)
                    .join(" · ")}
                </div>
              </div>
            </li>
          ))}
        </ul>
      ) : (
        <p className="soft none">{t("people.segments.none")}</p>
      )}
    </Panel>
  );
}
