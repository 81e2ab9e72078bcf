import { Link } from "@tanstack/react-router";
import { api, ask } from "@/lib/api";
import { useChange } from "@/lib/change";
import { day, number, span } from "@/lib/format";
import { t, tn } from "@/lib/i18n";
import { useMay } from "@/lib/session";
import { Alert, Button, Progress } from "@/ui/controls";
import { Panel } from "@/ui/Page";
import { Counts, Reasons } from "./Counts";
import { ImportState } from "./EarlierImports";
import { type ImportPage, type ImportView, isAtWork } from "./imports";

/** How far it is, and what came of it. */
export function Running({ one }: { one: ImportPage }) {
  const { progress } = one;
  const atWork = isAtWork(one.state);
  return (
    <>
      <Panel title={one.name} aside={<ImportState state={one.state} />}>
        <div className="running">
          {one.state !== "done" && <Far one={one} atWork={atWork} />}
          {one.problem && (
            <Alert color="red" variant="light" styles={{ message: { color: "inherit" } }}>
              {one.problem}
            </Alert>
          )}
          <Counts of={progress} />
          <Acts one={one} atWork={atWork} />
          {!atWork && (
            <p className="soft small none">
              {one.file_kept_until
                ? t("people.import.kept", { day: day(one.file_kept_until) })
                : t("people.import.gone")}
            </p>
          )}
        </div>
      </Panel>
      {one.reasons.length > 0 && <Reasons of={one.reasons} />}
    </>
  );
}

function Far({ one, atWork }: { one: ImportView; atWork: boolean }) {
  const { rows, rows_estimated, bytes_done, size, rows_per_s } = one.progress;
  const share = size ? bytes_done / size : 0;
  const left = rows_per_s ? Math.max(0, rows_estimated - rows) / rows_per_s : 0;
  return (
    <div role="status">
      <Progress value={100 * share} size="md" aria-label={one.name} />
      <p className="num soft small far">
        <span>{t("people.import.progress", { n: number(rows), all: number(rows_estimated) })}</span>
        {atWork && rows_per_s ? (
          <span>
            {t("people.import.speed", { n: number(Math.round(rows_per_s)) })}
            {left > 1 && `, ${t("people.import.left", { time: span(left) })}`}
          </span>
        ) : null}
      </p>
    </div>
  );
}

function Acts({ one, atWork }: { one: ImportPage; atWork: boolean }) {
  const mayWrite = useMay("people.write");
  const path = { import_id: one.id };
  const also = [["imports"]];
  const cancel = useChange({
    key: ["import", one.id],
    also,
    act: () => ask(api.POST("/api/v1/imports/{import_id}/cancel", { params: { path } })),
    said: () => t("people.import.cancelled"),
  });
  const again = useChange({
    key: ["import", one.id],
    also,
    act: () => ask(api.POST("/api/v1/imports/{import_id}/start", { params: { path } })),
    said: () => t("people.import.resumed"),
  });
  const refused = one.progress.refused;
  return (
    <div className="import-acts">
      {atWork && mayWrite && (
        <Button variant="default" loading={cancel.busy} onClick={() => void cancel.run(undefined)}>
          {t("people.import.cancel")}
        </Button>
      )}
      {one.state === "failed" && mayWrite && (
        <Button loading={again.busy} onClick={() => void again.run(undefined)}>
          {t("people.import.again")}
        </Button>
      )}
      {!atWork && one.state !== "failed" && (
        <Button component={Link} to="/people">
          {t("people.import.see")}
        </Button>
      )}
      {refused > 0 && one.file_kept_until && (
        <Button component="a" variant="default" href={`/api/v1/imports/${one.id}/refused`} download>
          {tn("people.import.download", refused)}
        </Button>
      )}
    </div>
  );
}
