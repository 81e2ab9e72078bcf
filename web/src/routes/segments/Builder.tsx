import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useMemo, useState } from "react";
import type { Problem } from "@/lib/api";
import { t } from "@/lib/i18n";
import { useMay } from "@/lib/session";
import { SegmentedControl } from "@/ui/controls";
import { UndoRedo } from "@/ui/IconButton";
import { Panel } from "@/ui/Page";
import { Loaded } from "@/ui/State";
import { Count } from "./Count";
import { isWhole, useCount } from "./count";
import { type Known, KnownProvider } from "./known";
import { campaignsQuery, fieldsQuery } from "./segments";
import { TextForm } from "./TextForm";
import { Tree } from "./Tree";
import { countLeaves, type Rule } from "./tree";

export type Edited = {
  value: Rule;
  change: (next: Rule) => void;
  undo: () => void;
  redo: () => void;
  canUndo: boolean;
  canRedo: boolean;
  problem?: Problem;
};

/** What a rule may be made of, for all that is inside. */
export function WithKnown(props: { children: (known: Known) => ReactNode }) {
  const query = useQuery(fieldsQuery);
  const campaigns = useQuery({ ...campaignsQuery, enabled: useMay("campaigns.read") });
  const names = campaigns.data?.campaigns;
  const known = useMemo(
    () =>
      query.data && {
        ...query.data,
        campaigns: (names ?? []).map(({ name }) => ({ name, type: "", examples: [], note: "" })),
      },
    [query.data, names],
  );
  return (
    <Loaded query={{ ...query, data: known }} rows={6}>
      {(found) => <KnownProvider value={found}>{props.children(found)}</KnownProvider>}
    </Loaded>
  );
}

/** A rule is edited, as a tree or in words, with the number of people beside it. */
export function Builder(props: { edited: Edited; known: Known; aside?: ReactNode }) {
  const { edited, known } = props;
  const [form, setForm] = useState("tree");
  const whole = isWhole(known, edited.value);
  const count = useCount(edited.value, whole);
  const problem = whole ? (count.problem ?? edited.problem) : undefined;
  const said = { flaws: problem?.errors ?? [], cautions: !count.stale ? (count.data?.warnings ?? []) : [] };
  return (
    <div className="split builder">
      <Panel
        title={t("segments.rule")}
        aside={
          <span className="tools">
            <UndoRedo edited={edited} />
            <SegmentedControl
              size="xs"
              aria-label={t("segments.form")}
              value={form}
              onChange={setForm}
              data={[
                { value: "tree", label: t("segments.form.tree") },
                { value: "text", label: t("segments.form.text") },
              ]}
            />
          </span>
        }
      >
        {form === "tree" ? (
          <Tree root={edited.value} change={edited.change} said={said} />
        ) : (
          <TextForm root={edited.value} whole={whole} change={edited.change} />
        )}
      </Panel>
      <div className="beside">
        <Count count={count} whole={whole} empty={countLeaves(edited.value) === 0} />
        {props.aside}
      </div>
    </div>
  );
}
