import "./tables.css";
import { keepPreviousData, type QueryKey, useInfiniteQuery } from "@tanstack/react-query";
import { useVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, useEffect, useLayoutEffect, useRef, useState } from "react";
import { number, percent } from "@/lib/format";
import { t } from "@/lib/i18n";
import { Empty, Failed, Waiting } from "./State";

/** One page of a long list: `next` and `previous` lead on and back, `position` is where its first row stands, 0 to 1. */
export type Window<T> = {
  rows: T[];
  next: string | null;
  previous: string | null;
  position: number | null;
  total: number | null;
};
export type Where = { cursor?: string; at?: number };

const PAGES_MAX = 6;
const NEAR = 20;

/** A list of any length. A few pages of it are held; it can be jumped into at any place. Rows are all of one height. */
export function VirtualList<T>(props: {
  label: string;
  queryKey: QueryKey;
  load: (where: Where) => Promise<Window<T>>;
  id: (row: T) => string;
  row: (row: T) => ReactNode;
  rowHeight?: number;
  height?: string;
  empty?: ReactNode;
}) {
  const { rowHeight = 48 } = props;
  const [at, setAt] = useState<number>();
  const query = useInfiniteQuery({
    queryKey: [...props.queryKey, "window", at ?? null],
    queryFn: ({ pageParam }) => props.load(pageParam),
    initialPageParam: { at } as Where,
    getNextPageParam: (last): Where | undefined => (last.next ? { cursor: last.next } : undefined),
    getPreviousPageParam: (first): Where | undefined => (first.previous ? { cursor: first.previous } : undefined),
    maxPages: PAGES_MAX,
    refetchOnWindowFocus: false,
    placeholderData: keepPreviousData,
  });
  const rows = query.data?.pages.flatMap((page) => page.rows) ?? [];
  const total = query.data?.pages[0]?.total ?? null;
  const box = useRef<HTMLDivElement>(null);
  const list = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => rowHeight,
    overscan: 8,
  });
  useStay(box, rows.map(props.id), rowHeight, at);
  const seen = list.getVirtualItems();
  const [first, last] = [seen[0]?.index ?? 0, seen[seen.length - 1]?.index ?? 0];
  const { hasNextPage, hasPreviousPage, isFetching, fetchNextPage, fetchPreviousPage } = query;
  // biome-ignore lint/correctness/useExhaustiveDependencies: looked at anew when other rows are seen
  useEffect(() => {
    const element = box.current;
    if (isFetching || !rows.length || !element) return;
    // The element's own word: what is seen lags behind it by a frame.
    const above = element.scrollTop / rowHeight;
    const below = rows.length - (element.scrollTop + element.clientHeight) / rowHeight;
    if (hasNextPage && below < NEAR) void fetchNextPage();
    else if (hasPreviousPage && above < NEAR) void fetchPreviousPage();
  }, [first, last, rows.length, isFetching, hasNextPage, hasPreviousPage, fetchNextPage, fetchPreviousPage]);

  if (query.error && !rows.length) return <Failed error={query.error} retry={() => void query.refetch()} />;
  if (!query.data) return <Waiting rows={10} />;
  if (!rows.length) return <>{props.empty ?? <Empty title={t("app.none")} />}</>;
  const begins = query.data.pages[0]?.position ?? null;
  const position = begins === null || !total ? null : Math.min(1, begins + first / total);
  return (
    <div className={query.isPlaceholderData ? "stale" : undefined} aria-busy={query.isPlaceholderData}>
      {total !== null && total > rows.length && position !== null && (
        <Jump label={props.label} position={position} total={total} onJump={setAt} />
      )}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is scrolled by keys too */}
      <section ref={box} className="window" aria-label={props.label} tabIndex={0} style={{ height: props.height }}>
        <ul style={{ height: list.getTotalSize() }}>
          {seen.map((item) => {
            const row = rows[item.index] as T;
            return (
              <li key={props.id(row)} style={{ height: rowHeight, transform: `translateY(${item.start}px)` }}>
                {props.row(row)}
              </li>
            );
          })}
        </ul>
      </section>
    </div>
  );
}

/** What is looked at stays where it is when rows come or go above it. */
function useStay(box: { current: HTMLDivElement | null }, ids: string[], rowHeight: number, at: number | undefined) {
  const before = useRef<{ ids: string[]; at: number | undefined }>({ ids: [], at });
  useLayoutEffect(() => {
    const held = before.current;
    before.current = { ids, at };
    const element = box.current;
    if (!element || !held.ids.length || held.ids[0] === ids[0]) return;
    const top = Math.floor(element.scrollTop / rowHeight);
    const stays = held.ids[top];
    const now = stays === undefined ? -1 : ids.indexOf(stays);
    if (now >= 0) element.scrollTop += (now - top) * rowHeight;
    else element.scrollTop = 0;
  });
}

function Jump(props: { label: string; position: number; total: number; onJump: (at: number) => void }) {
  const [wanted, setWanted] = useState<number>();
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const shown = wanted ?? props.position;
  const text = t("app.position", {
    n: number(Math.max(1, Math.round(shown * props.total))),
    total: number(props.total),
  });
  return (
    <label className="jump">
      <span className="unseen">{t("app.jump", { list: props.label })}</span>
      <input
        type="range"
        min={0}
        max={1000}
        value={Math.round(shown * 1000)}
        aria-valuetext={`${percent(shown)}, ${text}`}
        onChange={(event) => {
          const next = event.currentTarget.valueAsNumber / 1000;
          setWanted(next);
          clearTimeout(timer.current);
          timer.current = setTimeout(() => {
            props.onJump(next);
            setWanted(undefined);
          }, 250);
        }}
      />
      <span className="soft num">{text}</span>
    </label>
  );
}
