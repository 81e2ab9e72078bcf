import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, ask } from "@/lib/api";
import { useChange } from "@/lib/change";
import { useDraft } from "@/lib/draft";
import { t } from "@/lib/i18n";
import { useMay } from "@/lib/session";
import { Empty, Loaded, Saved } from "@/ui/State";
import { Builder, WithKnown } from "./Builder";
import { isWhole } from "./count";
import type { Known } from "./known";
import { Publish } from "./Publish";
import { type SegmentPage, type Version, versionsQuery } from "./segments";
import { bare, rooted, type Rule as Tree } from "./tree";

/** The rule as it may become: edited as a draft that saves itself, and published when one wants. */
export function Rule({ one }: { one: SegmentPage }) {
  const query = useQuery(versionsQuery(one.id));
  const may = useMay("segments.write");
  const fixed = !may || one.state === "archived" || one.stage_of !== null;
  if (fixed)
    return (
      <div className="stack">
        <Empty
          title={t("segments.fixed")}
          text={t(
            one.stage_of
              ? "segments.fixed.stage"
              : one.state === "archived"
                ? "segments.fixed.archived"
                : "segments.fixed.role",
          )}
        />
        {one.text && <pre className="words">{one.text}</pre>}
      </div>
    );
  return (
    <Loaded query={query} rows={6}>
      {({ versions }) => <WithKnown>{(known) => <Editing one={one} versions={versions} known={known} />}</WithKnown>}
    </Loaded>
  );
}

/** Begun anew when the draft was thrown away, published or put back by others' hands. */
function Editing(props: { one: SegmentPage; versions: Version[]; known: Known }) {
  const [round, setRound] = useState(0);
  const draft = props.versions.find((version) => version.state === "draft");
  const start = rooted(draft?.rule ?? props.one.rule);
  return <Draft key={round} {...props} start={start} anew={() => setRound((n) => n + 1)} />;
}

function Draft(props: { one: SegmentPage; known: Known; start: Tree; anew: () => void }) {
  const { one, known } = props;
  const client = useQueryClient();
  const path = { params: { path: { segment: one.id } } };
  const put = (rule: Tree) => ask(api.PUT("/api/v1/segments/{segment}/draft", { ...path, body: { rule: bare(rule) } }));
  const refresh = () =>
    Promise.all(
      [
        ["segments", "one", one.id],
        ["segments", "versions", one.id],
      ].map((queryKey) => client.invalidateQueries({ queryKey })),
    );
  const draft = useDraft<Tree>(props.start, async (rule) => {
    if (!isWhole(known, rule)) return; // it is kept on the page until it can be kept for good
    await put(rule);
    void refresh();
    void client.invalidateQueries({ queryKey: ["segments", "draft", one.id] });
  });
  const discard = useChange({
    key: ["segments", "one", one.id],
    also: [["segments", "versions", one.id]],
    act: async (_: Tree) => {
      await ask(api.DELETE("/api/v1/segments/{segment}/draft", path));
      await refresh();
      props.anew();
    },
    said: () => t("segments.discarded"),
    undo: async (_, rule) => {
      await put(rule);
      await refresh();
      props.anew();
    },
  });
  const whole = isWhole(known, draft.value);
  return (
    <>
      <div className="naming">
        <Saved saving={whole ? draft.saving : "unsaved"} retry={draft.retry} />
      </div>
      <Builder
        known={known}
        edited={draft}
        aside={
          <Publish
            one={one}
            saved={draft.saving === "saved" && whole}
            discard={one.version > 0 ? () => void discard.run(draft.value) : undefined}
            published={props.anew}
          />
        }
      />
    </>
  );
}
