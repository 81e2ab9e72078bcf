import "./timeline.css";
import { IconClock } from "@tabler/icons-react";
import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useRef } from "react";
import { api, ask } from "@/lib/api";
import { say, t } from "@/lib/i18n";
import { useUrlState } from "@/lib/url";
import { Channel } from "@/ui/Channel";
import { Button } from "@/ui/controls";
import { Empty, Failed, Waiting } from "@/ui/State";
import { Days } from "./Days";
import type { Entry } from "./people";

const KINDS = ["event", "receipt", "message", "inbound", "consent", "segment", "identity"] as const;
const CHANNELS = ["email", "sms", "push", "chat", "voice"] as const;
const NEWS_MS = 5_000;

/** All that happened, over all channels, the newest first. */
export function Timeline(props: { who: string }) {
  const [kinds, setKinds] = useUrlState("kinds", "");
  const [channels, setChannels] = useUrlState("channels", "");
  const wish = { kinds: known(kinds, KINDS), channels: known(channels, CHANNELS) };
  const query = useTimeline(props.who, wish);
  const entries = useMemo(() => query.data?.pages.flatMap((page) => page.entries) ?? [], [query.data]);
  useNews(props.who, wish, query.isFetching ? undefined : entries[0]);
  const narrowed = wish.kinds || wish.channels;
  const clear = () => {
    setKinds("");
    setTimeout(() => setChannels("")); // each reads the address as the other left it
  };
  return (
    <section className="panel person-timeline" aria-label={t("people.timeline")}>
      <div className="chips-rows">
        <Chips label={t("people.timeline.kinds")} all={KINDS} chosen={wish.kinds} onChoose={setKinds}>
          {(kind) => say(`people.entry.${kind}`, kind)}
        </Chips>
        <Chips label={t("people.timeline.channels")} all={CHANNELS} chosen={wish.channels} onChoose={setChannels}>
          {(channel) => <Channel name={channel} />}
        </Chips>
      </div>
      {query.error && !entries.length ? (
        <Failed error={query.error} retry={() => void query.refetch()} />
      ) : !query.data ? (
        <Waiting rows={10} height={40} />
      ) : !entries.length ? (
        <Empty
          icon={<IconClock size={28} aria-hidden />}
          title={narrowed ? t("people.timeline.none") : t("people.timeline.nothing")}
          action={
            narrowed && (
              <Button variant="default" onClick={clear}>
                {t("people.timeline.all")}
              </Button>
            )
          }
        />
      ) : (
        <Days
          entries={entries}
          stale={query.isPlaceholderData}
          more={query.hasNextPage && !query.isFetching ? () => void query.fetchNextPage() : undefined}
          ends={!query.hasNextPage}
        />
      )}
    </section>
  );
}

type Wish = { kinds: string; channels: string };
const known = (text: string, all: readonly string[]): string =>
  String(text)
    .split(",")
    .filter((one) => all.includes(one))
    .join(",");

function useTimeline(who: string, wish: Wish) {
  return useInfiniteQuery({
    queryKey: ["person", who, "timeline", wish],
    queryFn: ({ pageParam }) =>
      ask(
        api.GET("/api/v1/people/{who}/timeline", {
          params: { path: { who }, query: { ...wish, cursor: pageParam, limit: 50 } },
        }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.cursor ?? undefined,
    placeholderData: (before, query) => (query?.queryKey[1] === who ? before : undefined),
    refetchOnWindowFocus: false,
  });
}

/** Asks for the newest entry alone; the rest is asked for anew when there is a newer one. */
function useNews(who: string, wish: Wish, shown: Entry | undefined): void {
  const client = useQueryClient();
  const { data, dataUpdatedAt } = useQuery({
    queryKey: ["news of", who, wish],
    queryFn: () =>
      ask(api.GET("/api/v1/people/{who}/timeline", { params: { path: { who }, query: { ...wish, limit: 1 } } })),
    refetchInterval: NEWS_MS,
  });
  const newest = data?.entries[0];
  const said = useRef(0);
  useEffect(() => {
    if (!newest || !shown || dataUpdatedAt === said.current) return;
    said.current = dataUpdatedAt;
    if (newest.at > shown.at || (newest.id === shown.id && newest.title_key !== shown.title_key))
      void client.invalidateQueries({ queryKey: ["person", who] });
  }, [newest, shown, dataUpdatedAt, client, who]);
}

function Chips<T extends string>(props: {
  label: string;
  all: readonly T[];
  chosen: string;
  onChoose: (next: string) => void;
  children: (one: T) => React.ReactNode;
}) {
  const chosen = props.chosen ? props.chosen.split(",") : [];
  return (
    <fieldset className="chips">
      <legend className="unseen">{props.label}</legend>
      {props.all.map((one) => {
        const on = chosen.includes(one);
        return (
          <button
            key={one}
            type="button"
            className="chip"
            aria-pressed={on}
            onClick={() => props.onChoose((on ? chosen.filter((each) => each !== one) : [...chosen, one]).join(","))}
          >
            {props.children(one)}
          </button>
        );
      })}
    </fieldset>
  );
}
