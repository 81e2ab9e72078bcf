import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { now } from "@/lib/company";
import { day } from "@/lib/format";
import { locale, t } from "@/lib/i18n";
import { EntryRow } from "./EntryRow";
import type { Entry } from "./people";

type Row = { key: string; day?: string; entry?: Entry };
const NEAR = 12;
const weekday = new Intl.DateTimeFormat(locale, { weekday: "long" });

/** Entries under the days on which they happened. Only what is near the window is drawn. */
export function Days(props: { entries: Entry[]; stale: boolean; ends: boolean; more?: () => void }) {
  const rows = useMemo(() => grouped(props.entries), [props.entries]);
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set());
  const box = useRef<HTMLOListElement>(null);
  const [margin, setMargin] = useState(0);
  useLayoutEffect(() => {
    const top = box.current ? Math.round(box.current.getBoundingClientRect().top + scrollY) : 0;
    if (top !== margin) setMargin(top);
  });
  const list = useWindowVirtualizer({
    count: rows.length,
    estimateSize: (n) => (rows[n]?.day ? 40 : 44),
    getItemKey: (n) => rows[n]?.key ?? n,
    overscan: 10,
    scrollMargin: margin,
  });
  const seen = list.getVirtualItems();
  const last = seen[seen.length - 1]?.index ?? 0;
  const { more } = props;
  useEffect(() => {
    if (last > rows.length - NEAR) more?.();
  }, [last, rows.length, more]);
  const toggle = (key: string) => {
    const next = new Set(opened);
    if (!next.delete(key)) next.add(key);
    setOpened(next);
  };
  return (
    <>
      <ol
        ref={box}
        className={`days ${props.stale ? "stale" : ""}`}
        style={{ height: list.getTotalSize() }}
        aria-busy={props.stale}
      >
        {seen.map((item) => {
          const row = rows[item.index];
          if (!row) return null;
          return (
            <li
              key={row.key}
              ref={list.measureElement}
              data-index={item.index}
              style={{ transform: `translateY(${item.start - margin}px)` }}
            >
              {row.entry ? (
                <EntryRow entry={row.entry} open={opened.has(row.key)} onToggle={() => toggle(row.key)} />
              ) : (
                <h3>{row.day}</h3>
              )}
            </li>
          );
        })}
      </ol>
      <p className="soft small days-end">{props.ends ? t("people.timeline.end") : t("app.loading")}</p>
    </>
  );
}

/** Not all entries have a number: those of one instant are told apart by their order from the oldest. */
function grouped(entries: Entry[]): Row[] {
  const rows: Row[] = [];
  const met = new Map<string, number>();
  let before = "";
  for (const entry of entries) {
    const date = new Date(entry.at);
    const on = date.toDateString();
    if (on !== before) rows.push({ key: `day ${on}`, day: dayName(date) });
    before = on;
    const base = `${entry.kind} ${entry.id} ${entry.at} ${entry.id ? "" : JSON.stringify(entry.values)}`;
    const n = met.get(base) ?? 0;
    met.set(base, n + 1);
    rows.push({ key: `${base} ${n}`, entry });
  }
  return rows;
}

function dayName(date: Date): string {
  const days = Math.round((new Date(now()).setHours(0, 0, 0, 0) - new Date(date).setHours(0, 0, 0, 0)) / 86_400_000);
  if (days === 0) return t("people.today");
  if (days === 1) return t("people.yesterday");
  return `${weekday.format(date)}, ${day(date)}`;
}
