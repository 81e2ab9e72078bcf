import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { api, ask } from "@/lib/api";
import { useChange } from "@/lib/change";
import { t, tn } from "@/lib/i18n";
import { channelName } from "@/ui/Channel";
import { Button, Group } from "@/ui/controls";
import { Loaded } from "@/ui/State";
import { type Column, Table } from "@/ui/Table";
import { kindName, type MergePreview, nameOf, type PersonPage, shown } from "./people";

/** The two side by side, and who they would be. Where they contradict each other is marked, and first. */
export function MergePreviewed(props: { page: PersonPage; other: string; onBack: () => void; onClose: () => void }) {
  const { page, other } = props;
  const path = { who: `id:${page.id}` };
  const query = useQuery({
    queryKey: ["merge-preview", page.id, other],
    queryFn: () =>
      ask(
        api.POST("/api/v1/people/{who}/merge-preview", {
          params: { path: { who: page.id } },
          body: { with: `id:${other}` },
        }),
      ),
    retry: false,
  });
  const merge = useMerge(path.who, props.onClose);
  return (
    <div className="merge-choose">
      <Loaded query={query} rows={6}>
        {(preview) => <SideBySide preview={preview} />}
      </Loaded>
      <Group justify="space-between">
        <Button variant="default" onClick={props.onBack}>
          {t("people.merge.back")}
        </Button>
        <Button disabled={!query.data} loading={merge.busy} onClick={() => void merge.run(`id:${other}`)}>
          {t("people.merge.do")}
        </Button>
      </Group>
    </div>
  );
}

/** "Undo" parts them again, by the number that was merged in. */
function useMerge(who: string, onDone: () => void) {
  const navigate = useNavigate();
  const go = (id: string) => void navigate({ to: "/people/$who", params: { who: id } });
  const back = useChange({
    key: ["person"],
    also: [["people"]],
    act: ({ profile, number }: { profile: string; number: string }) =>
      ask(
        api.POST("/api/v1/profiles/{who}/unmerge", {
          params: { path: { who: `id:${profile}` } },
          body: { number, dry_run: false },
        }),
      ),
  });
  return useChange({
    key: ["person"],
    also: [["people"]],
    act: async (other: string) => {
      const made = await ask(
        api.POST("/api/v1/profiles/{who}/merge", { params: { path: { who } }, body: { with: other, dry_run: false } }),
      );
      onDone();
      if (made.profile) go(made.profile);
      return made;
    },
    said: () => t("people.merge.done"),
    undo: async (_, __, made) => {
      if (!made.profile || !made.number) return;
      if (await back.run({ profile: made.profile, number: made.number })) go(who.replace("id:", ""));
    },
  });
}

type Row = { key: string; name: string; one: string; other: string; result: string; differs: boolean };

function SideBySide({ preview }: { preview: MergePreview }) {
  const { one, other } = preview;
  const rows = rowsOf(preview).sort((a, b) => Number(b.differs) - Number(a.differs));
  const columns: Column<Row>[] = [
    { key: "name", title: t("people.merge.field"), cell: (row) => row.name },
    { key: "one", title: nameOf(one, one.id), cell: (row) => row.one },
    { key: "other", title: nameOf(other, other.id), cell: (row) => row.other },
    { key: "together", title: t("people.merge.together"), cell: (row) => <Result row={row} /> },
  ];
  return (
    <>
      <p className="soft" style={{ margin: 0 }}>
        {preview.conflicts.length ? tn("people.merge.conflicts", preview.conflicts.length) : t("people.merge.agree")}
      </p>
      <div className="merge-table">
        <Table label={t("people.merge.preview")} rows={rows} id={(row) => row.key} columns={columns} />
      </div>
    </>
  );
}

function Result({ row }: { row: Row }) {
  return (
    <span data-differs={row.differs || undefined}>
      {row.result}
      {row.differs && <span className="unseen"> ({t("people.merge.differs")})</span>}
    </span>
  );
}

function rowsOf({ one, other, result, conflicts }: MergePreview): Row[] {
  const row = (key: string, name: string, of: (side: typeof one) => string, then: string): Row => ({
    key,
    name,
    one: of(one),
    other: of(other),
    result: then,
    differs: conflicts.some((each) => each.what === "trait" && `trait ${each.name}` === key),
  });
  const kinds = [...new Set(result.identifiers.map((each) => each.kind))];
  const traits = [...new Set([...Object.keys(one.traits), ...Object.keys(other.traits)])].sort();
  const wishes = conflicts.filter((each) => each.what === "preference");
  return [
    ...kinds.map((kind) => {
      const of = (side: { identifiers: { kind: string; value: string }[] }) =>
        side.identifiers
          .filter((each) => each.kind === kind)
          .map((each) => each.value)
          .join(", ") || "–";
      return row(`kind ${kind}`, kindName(kind), of, of(result));
    }),
    ...traits.map((name) => row(`trait ${name}`, name, (side) => shown(side.traits[name]), shown(result.traits[name]))),
    ...wishes.map((each) => ({
      key: `wish ${each.name}`,
      name: each.name.replace(/× (\w+)/, (_, channel: string) => `× ${channelName(channel)}`),
      one: shown(each.one),
      other: shown(each.other),
      result: shown(each.result),
      differs: true,
    })),
  ];
}
