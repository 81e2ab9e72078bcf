import { useQuery } from "@tanstack/react-query";
import { api, ask } from "@/lib/api";
import { useChange } from "@/lib/change";
import { say, t } from "@/lib/i18n";
import { useMay } from "@/lib/session";
import { Button } from "@/ui/controls";
import { Mark } from "@/ui/Mark";
import { Loaded } from "@/ui/State";
import { When } from "@/ui/When";
import { diff } from "./diff";
import { type SegmentPage, type Version, versionsQuery } from "./segments";

/** What the rule was, the newest first, each with what changed in it. */
export function Versions(props: { one: SegmentPage; goToRule: () => void }) {
  const { one } = props;
  const query = useQuery(versionsQuery(one.id));
  const may = useMay("segments.write") && one.state === "live" && one.stage_of === null;
  const path = { params: { path: { segment: one.id } } };
  const discard = useChange({
    key: ["segments"],
    act: () => ask(api.DELETE("/api/v1/segments/{segment}/draft", path)),
  });
  const revert = useChange({
    key: ["segments"],
    act: (version: number) => ask(api.POST("/api/v1/segments/{segment}/revert", { ...path, body: { version } })),
    said: (version) => t("segments.reverted", { n: version }),
    undo: one.draft === null ? () => discard.run(undefined) : undefined,
  });
  return (
    <Loaded query={query} rows={4} height={120}>
      {({ versions }) => (
        <ol className="stack versions">
          {versions.map((version, n) => (
            <li key={version.version}>
              <OneVersion
                version={version}
                before={versions[n + 1]}
                revert={
                  may && version.state === "past"
                    ? async () => {
                        if (await revert.run(version.version)) props.goToRule();
                      }
                    : undefined
                }
              />
            </li>
          ))}
        </ol>
      )}
    </Loaded>
  );
}

function OneVersion(props: { version: Version; before: Version | undefined; revert?: () => void }) {
  const { version, before } = props;
  const tone = version.state === "live" ? "good" : version.state === "past" ? "calm" : "warn";
  const pieces = before ? diff(before.text, version.text) : [{ text: version.text, is: "same" as const }];
  const title = t("segments.version", { n: version.version });
  return (
    <section className="panel" aria-label={title}>
      <div className="grouphead">
        <span className="states">
          <h2 className="version">{title}</h2>
          <Mark tone={tone}>{say(`segments.version.${version.state}`, version.state)}</Mark>
          <span className="soft small">
            <When at={version.published_at ?? version.changed_at} />
          </span>
        </span>
        {props.revert && (
          <Button
            variant="default"
            size="xs"
            onClick={props.revert}
            aria-label={t("segments.revert_to", { n: version.version })}
          >
            {t("segments.revert")}
          </Button>
        )}
      </div>
      <pre className="words">
        {pieces.map((piece, n) =>
          piece.is === "same" ? (
            piece.text
          ) : piece.is === "new" ? (
            <ins key={n}>{piece.text}</ins>
          ) : (
            <del key={n}>{piece.text}</del>
          ),
        )}
      </pre>
    </section>
  );
}
