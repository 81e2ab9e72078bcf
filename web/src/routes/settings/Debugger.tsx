import "./debugger.css";
import { IconPlayerPause, IconPlayerPlay } from "@tabler/icons-react";
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { api, ask } from "@/lib/api";
import { t } from "@/lib/i18n";
import { useShortcuts } from "@/lib/keys";
import { useLive } from "@/lib/live";
import { queryClient } from "@/lib/query";
import { useUrlState } from "@/lib/url";
import { Button, Select, TextInput } from "@/ui/controls";
import { Mark } from "@/ui/Mark";
import { Page, Panel } from "@/ui/Page";
import { Empty, Failed, Waiting } from "@/ui/State";
import { Arrival, type Arrived } from "./Arrival";
import { useBack } from "./back";

const KINDS = ["call", "event", "webhook", "message"] as const;
type Kind = (typeof KINDS)[number];
const EVERY_MS = 2_000;
const PAUSE_MS = 300;

/** What comes in by every door, as it comes: taken or refused, why, and the way out. */
export default function Debugger() {
  const [kind, setKind] = useUrlState("kind", "");
  const [q, setQ] = useUrlState("q", "");
  const [open, setOpen] = useUrlState("open", "");
  const [paused, setPaused] = useState(false);
  useShortcuts([
    { keys: "p", label: t(paused ? "debugger.continue" : "debugger.pause"), run: () => setPaused(!paused) },
  ]);
  const query = useArrivals(
    KINDS.find((one) => one === kind),
    q,
    paused,
  );
  const rows = query.data?.pages.flatMap((page) => page.items);
  return (
    <Page
      title={t("settings.debugger")}
      back={useBack()}
      badge={<Mark tone={paused ? "warn" : "good"}>{t(paused ? "debugger.paused" : "app.live.live")}</Mark>}
      actions={
        <Button
          variant="default"
          leftSection={paused ? <IconPlayerPlay size={16} aria-hidden /> : <IconPlayerPause size={16} aria-hidden />}
          onClick={() => setPaused(!paused)}
        >
          {t(paused ? "debugger.continue" : "debugger.pause")}
        </Button>
      }
    >
      <p className="soft settings-about">{t("settings.debugger.about")}</p>
      <Panel>
        <Filters kind={kind} setKind={setKind} q={q} setQ={setQ} />
        {!rows && query.error && <Failed error={query.error} retry={() => void query.refetch()} />}
        {!rows && !query.error && <Waiting rows={8} height={40} />}
        {rows?.length === 0 && (
          <Empty title={t(q || kind ? "debugger.none_such" : "debugger.none")} text={t("debugger.none.text")} />
        )}
        {rows && rows.length > 0 && (
          <ul className="arrivals" aria-label={t("settings.debugger")} data-stale={query.isPlaceholderData}>
            {rows.map((one: Arrived) => (
              <Arrival
                key={one.id}
                one={one}
                open={open === one.id}
                onOpen={() => setOpen(open === one.id ? "" : one.id)}
              />
            ))}
          </ul>
        )}
        {query.hasNextPage && (
          <div style={{ display: "grid", justifyItems: "center", paddingTop: 12 }}>
            <Button variant="default" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
              {t("app.show_more")}
            </Button>
          </div>
        )}
      </Panel>
    </Page>
  );
}

/** Asked for anew every other second, and at once when something was refused; nothing moves while it is paused. */
function useArrivals(kind: Kind | undefined, q: string, paused: boolean) {
  const live = useLive<{ refused: { id: string }[] }>(paused ? null : "debugger");
  const newest = live?.refused[0]?.id;
  useEffect(() => {
    if (newest) void queryClient.invalidateQueries({ queryKey: ["debugger"] });
  }, [newest]);
  return useInfiniteQuery({
    queryKey: ["debugger", kind, q],
    queryFn: ({ pageParam }) =>
      ask(api.GET("/api/v1/debugger", { params: { query: { kind, q, cursor: pageParam, limit: 50 } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.cursor ?? undefined,
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) => (paused || (state.data?.pages.length ?? 0) > 1 ? false : EVERY_MS),
  });
}

type FilterProps = { kind: string; setKind: (next: string) => void; q: string; setQ: (next: string) => void };

function Filters({ kind, setKind, q, setQ }: FilterProps) {
  const [text, setText] = useState(q);
  useEffect(() => {
    const timer = setTimeout(() => text !== q && setQ(text), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text, q, setQ]);
  return (
    <div className="filters">
      <TextInput
        type="search"
        aria-label={t("debugger.text")}
        placeholder={t("debugger.text")}
        value={text}
        maxLength={200}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      <Select
        aria-label={t("debugger.kind")}
        placeholder={t("debugger.kind.all")}
        clearable
        clearButtonProps={{ "aria-label": t("app.form.clear") }}
        data={KINDS.map((value) => ({ value, label: t(`debugger.kind.${value}`) }))}
        value={kind || null}
        onChange={(next) => setKind(next ?? "")}
      />
    </div>
  );
}
