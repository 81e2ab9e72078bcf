import { Link } from "@tanstack/react-router";
import { type ReactNode, useRef } from "react";
import { api, ask } from "@/lib/api";
import { t } from "@/lib/i18n";
import { useShortcuts } from "@/lib/keys";
import { Channel } from "@/ui/Channel";
import { VirtualList, type Where, type Window } from "@/ui/VirtualList";
import { useNarrow } from "./narrow";
import { country, kindName, onDay, type PersonRow } from "./people";

type Wish = { q: string; segment: string; known: boolean; sort: "newest" | "oldest" };
const START = "start";
const LOOKS_MAX = 5;

export function PeopleList(props: Wish & { empty: ReactNode }) {
  const { q, segment, known, sort } = props;
  const narrow = useNarrow();
  const load = useLoad({ q, segment, known, sort });
  return (
    <div className="people-list">
      <VirtualList
        key={`${segment} ${known} ${sort}`}
        label={t("people.title")}
        queryKey={["people", "list", segment, known, sort, q]}
        id={(one) => one.id}
        load={load}
        row={(one) => <Line one={one} />}
        rowHeight={narrow ? 64 : 44}
        height="max(320px, calc(100dvh - 236px))"
        empty={props.empty}
      />
    </div>
  );
}

/** A search leads on and never back: where each of its pages came from is kept here. */
function useLoad(wish: Wish) {
  const trail = useRef(new Map<string, string>());
  return async (where: Where): Promise<Window<PersonRow>> => {
    let cursor = where.cursor === START ? undefined : where.cursor;
    const came = wish.q ? (trail.current.get(`${wish.q} ${cursor ?? START}`) ?? null) : null;
    for (let n = 1; ; n += 1) {
      const query = {
        q: wish.q || undefined,
        segment: wish.segment || undefined,
        known: wish.known,
        sort: wish.sort,
        cursor,
        at: cursor || wish.q ? undefined : where.at,
      };
      const page = await ask(api.GET("/api/v1/people", { params: { query } }));
      if (!page.people.length && page.cursor && n < LOOKS_MAX) {
        cursor = page.cursor;
        continue;
      }
      if (wish.q && page.cursor) trail.current.set(`${wish.q} ${page.cursor}`, where.cursor ?? START);
      const previous = wish.q ? came : page.previous;
      return { rows: page.people, next: page.cursor, previous, position: page.position, total: page.total };
    }
  };
}

function Line({ one }: { one: PersonRow }) {
  const known = one.identifier;
  return (
    <Link to="/people/$who" params={{ who: one.id }} className="person-line">
      {one.name ? <b>{one.name}</b> : <span className="soft">{t("people.nameless")}</span>}
      <span className="soft known">
        {known && <span className="unseen">{kindName(known.kind)} </span>}
        {known?.value}
      </span>
      <span className="signs">
        {one.channels.map((channel) => (
          <Channel key={channel} name={channel} bare />
        ))}
      </span>
      <span className="soft land">{country(one.country)}</span>
      <span className="soft num seen">
        <span className="unseen">{t("people.last_seen")} </span>
        {onDay(one.last_seen)}
      </span>
    </Link>
  );
}

/** j and k walk through the rows, Enter opens the one in focus. */
export function useListKeys(acts: { add?: () => void }): void {
  useShortcuts([
    { keys: "j", label: t("people.keys.next"), run: () => walk(1) },
    { keys: "k", label: t("people.keys.previous"), run: () => walk(-1) },
    ...(acts.add ? [{ keys: "c", label: t("people.add"), run: acts.add }] : []),
  ]);
}

function walk(by: 1 | -1): void {
  const links = [...document.querySelectorAll<HTMLElement>(".people-list .window a")];
  const at = links.indexOf(document.activeElement as HTMLElement);
  const box = document.querySelector(".people-list .window");
  const top = box?.getBoundingClientRect().top ?? 0;
  const first = links.findIndex((link) => link.getBoundingClientRect().top >= top - 1);
  const next = at < 0 ? first : at + by;
  links[Math.max(0, Math.min(links.length - 1, next))]?.focus();
}
