import { api, ask } from "@/lib/api";
import { number } from "@/lib/format";
import { t } from "@/lib/i18n";
import { usePages } from "@/lib/pages";
import { Mark, type Tone } from "@/ui/Mark";
import { Panel } from "@/ui/Page";
import { Table } from "@/ui/Table";
import { When } from "@/ui/When";
import type { ImportView } from "./imports";
import { sourceName } from "./people";

const TONES: Record<ImportView["state"], Tone> = {
  uploaded: "calm",
  queued: "live",
  running: "live",
  done: "good",
  failed: "bad",
  cancelled: "warn",
};

export function ImportState({ state }: { state: ImportView["state"] }) {
  return <Mark tone={TONES[state]}>{t(`people.import.state.${state}`)}</Mark>;
}

/** What was imported before, or was never finished. */
export function EarlierImports(props: { onOpen: (id: string) => void }) {
  const list = usePages(["imports"], async (cursor) => {
    const page = await ask(api.GET("/api/v1/imports", { params: { query: { cursor, limit: 20 } } }));
    return { rows: page.imports, next: page.cursor };
  });
  return (
    <Panel title={t("people.import.earlier")}>
      <Table
        label={t("people.import.earlier")}
        {...list}
        id={(one) => one.id}
        empty={<p className="soft none">{t("people.import.earlier.none")}</p>}
        columns={[
          {
            key: "name",
            title: t("people.import.file"),
            cell: (one) => (
              <button type="button" className="link" onClick={() => props.onOpen(one.id)}>
                {one.name}
              </button>
            ),
          },
          {
            key: "kind",
            title: t("people.import.kind"),
            cell: (one) => t(`people.import.kind.${one.kind}`),
            wideOnly: true,
          },
          { key: "state", title: t("people.import.state"), cell: (one) => <ImportState state={one.state} /> },
          { key: "rows", title: t("people.import.rows"), cell: (one) => number(one.progress.rows), right: true },
          {
            key: "refused",
            title: t("people.import.refused"),
            cell: (one) => number(one.progress.refused),
            right: true,
          },
          { key: "when", title: t("people.import.when"), cell: (one) => <When at={one.created_at} /> },
          { key: "by", title: t("people.import.by"), cell: (one) => sourceName(one.by), wideOnly: true },
        ]}
      />
    </Panel>
  );
}
