import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { api, ask, Problem } from "@/lib/api";
import { useChange } from "@/lib/change";
import { number } from "@/lib/format";
import { t, tn } from "@/lib/i18n";
import { Button, Select, TextInput } from "@/ui/controls";
import { Panel } from "@/ui/Page";
import { Empty, Failed, Waiting } from "@/ui/State";
import { Counts, Reasons } from "./Counts";
import { type ImportPage, importQuery, type Mapped, type Mode } from "./imports";
import { Mapping } from "./Mapping";
import { chosen, lackOf, mapOf, type Wish } from "./mapping";
import { Preview } from "./Preview";

const PAUSE_MS = 350;
const MODES = ["upsert", "create", "update", "suppress"] as const;

/** Which column is what, what the rows would be, what it would do; then it may start. */
export function Fields({ one }: { one: ImportPage }) {
  const [wish, setWish] = useState(() => chosen(one.columns, one.map));
  const [mode, setMode] = useState<Mode>(one.mode);
  const lack = lackOf(one.kind, wish);
  const { mapped, error, trying } = useTrial(one, wish, mode, lack !== undefined);
  const start = useStart(one.id);
  if (!one.columns.length) return <Empty title={t("people.import.no_columns")} />;
  const trial = lack ? undefined : mapped?.trial;
  const rows = one.progress.rows_estimated;
  return (
    <>
      <Panel title={t("people.import.fields")} aside={<span className="soft small cut">{one.name}</span>}>
        <Mapping one={one} wish={wish} onChange={setWish} error={error} />
        {one.kind === "people" ? (
          <Select
            className="import-mode"
            label={t("people.import.mode")}
            data={MODES.map((value) => ({ value, label: t(`people.import.mode.${value}`) }))}
            value={mode}
            allowDeselect={false}
            onChange={(value) => setMode(MODES.find((each) => each === value) ?? "upsert")}
          />
        ) : (
          !wish.choices.some((each) => each.becomes === "event") && (
            <TextInput
              className="import-mode"
              label={t("people.import.event")}
              description={t("people.import.event.hint")}
              value={wish.event}
              onChange={(event) => setWish({ ...wish, event: event.currentTarget.value })}
            />
          )
        )}
      </Panel>
      <Panel title={t("people.import.trial")}>
        <div className="running" aria-busy={trying} role="status">
          {lack ? (
            <p className="lack none">{t(`people.import.${lack}`)}</p>
          ) : error ? (
            <Failed error={error} />
          ) : trial ? (
            <>
              <Counts of={trial} stale={trying} />
              <p className="soft small none">
                {t(trial.is_whole ? "people.import.trial.whole" : "people.import.trial.first", {
                  n: number(trial.rows),
                })}
              </p>
            </>
          ) : (
            <Waiting rows={1} height={88} />
          )}
        </div>
        <div className="import-acts end">
          <Button
            disabled={!trial || trying || trial.rows === trial.refused}
            loading={start.busy}
            onClick={() => void start.run(undefined)}
          >
            {trial?.is_whole
              ? tn("people.import.start", trial.rows)
              : t("people.import.start.about", { n: number(rows) })}
          </Button>
        </div>
      </Panel>
      {trial && trial.reasons.length > 0 && <Reasons of={trial.reasons} />}
      {!lack && <Preview rows={mapped?.rows ?? one.rows} kind={one.kind} stale={trying} />}
    </>
  );
}

/** What is chosen is kept and tried after a pause: the newest answer counts. */
function useTrial(one: ImportPage, wish: Wish, mode: Mode, lacks: boolean) {
  const client = useQueryClient();
  const [mapped, setMapped] = useState<Mapped>();
  const [error, setError] = useState<Problem>();
  const [trying, setTrying] = useState(false);
  const asked = useRef(0);
  const first = useRef(one);
  useEffect(() => {
    asked.current += 1;
    const number = asked.current;
    if (lacks) return setTrying(false);
    setTrying(true);
    const { id, kind, map } = first.current;
    const timer = setTimeout(async () => {
      try {
        const path = { import_id: id };
        const body = { map: mapOf(kind, wish, map), mode };
        const said = await ask(api.PUT("/api/v1/imports/{import_id}/mapping", { params: { path }, body }));
        if (number !== asked.current) return;
        setMapped(said);
        setError(undefined);
        client.setQueryData(importQuery(id).queryKey, said);
      } catch (problem) {
        if (number === asked.current && problem instanceof Problem) setError(problem);
      } finally {
        if (number === asked.current) setTrying(false);
      }
    }, PAUSE_MS);
    return () => clearTimeout(timer);
  }, [wish, mode, lacks, client]);
  return { mapped, error, trying };
}

function useStart(id: string) {
  return useChange({
    key: ["import", id],
    also: [["imports"], ["people"]],
    now: (before: ImportPage) => ({ ...before, state: "queued" as const }),
    act: () => ask(api.POST("/api/v1/imports/{import_id}/start", { params: { path: { import_id: id } } })),
  });
}
