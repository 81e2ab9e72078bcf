import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { api, ask } from "@/lib/api";
import { useChange } from "@/lib/change";
import { number } from "@/lib/format";
import { t, tn } from "@/lib/i18n";
import { useLive } from "@/lib/live";
import { Button } from "@/ui/controls";
import { Panel } from "@/ui/Page";
import { Failed, Waiting } from "@/ui/State";
import { Building } from "./Building";
import type { Numbers, SegmentPage } from "./segments";

/** What publishing would do, and the button that does it. It can be taken back: the version before is published again. */
export function Publish(props: { one: SegmentPage; saved: boolean; discard?: () => void; published: () => void }) {
  const { one, saved } = props;
  const path = { params: { path: { segment: one.id } } };
  const live = useLive<Numbers>(`segment:${one.id}`);
  const query = useQuery({
    queryKey: ["segments", "draft", one.id, one.draft],
    queryFn: () => ask(api.GET("/api/v1/segments/{segment}/draft/preview", path)),
    enabled: one.draft !== null && one.state === "live",
    placeholderData: (before) => before,
    retry: false,
  });
  const shown = {
    key: ["segments", "one", one.id],
    also: [
      ["segments", "versions", one.id],
      ["segments", "overview"],
      ["people", "of", one.id],
    ],
  };
  const back = useChange({
    ...shown,
    act: async (version: number) => {
      await ask(api.POST("/api/v1/segments/{segment}/revert", { ...path, body: { version } }));
      await ask(api.POST("/api/v1/segments/{segment}/publish", path));
      props.published();
    },
  });
  const publish = useChange({
    ...shown,
    act: async (_: number) => {
      const made = await ask(api.POST("/api/v1/segments/{segment}/publish", path));
      props.published();
      return made;
    },
    said: () => t("segments.published"),
    undo: one.version > 0 ? (_, version) => back.run(version) : undefined,
  });
  if (one.build) return <Building one={one} live={live} />;
  if (one.draft === null) return <p className="soft small">{t("segments.no_draft")}</p>;
  return (
    <Panel title={t("segments.publishing")}>
      <div className="stack">
        {query.error ? <Failed error={query.error} retry={() => void query.refetch()} /> : null}
        {one.state === "draft" && <p className="soft small">{t("segments.publishing.first")}</p>}
        {one.state === "live" &&
          !query.error &&
          (query.data ? (
            <div className={query.isFetching || !saved ? "stale stack" : "stack"}>
              <p className="moves">
                <span>
                  <b className="good">+{number(query.data.enter)}</b> {tn("segments.would_enter", query.data.enter)}
                </span>
                <span>
                  <b className="bad">−{number(query.data.leave)}</b> {tn("segments.would_leave", query.data.leave)}
                </span>
                <span className="soft small">
                  {t("segments.would_be", { now: number(query.data.count), next: number(query.data.draft_count) })}
                </span>
              </p>
              <Movers label={t("segments.entering")} movers={query.data.entering} />
              <Movers label={t("segments.leaving")} movers={query.data.leaving} />
            </div>
          ) : (
            <Waiting rows={2} height={28} />
          ))}
        <div className="tools">
          <Button disabled={!saved} loading={publish.busy || back.busy} onClick={() => void publish.run(one.version)}>
            {t("segments.publish")}
          </Button>
          {props.discard && (
            <Button variant="subtle" color="gray" onClick={props.discard}>
              {t("segments.discard")}
            </Button>
          )}
        </div>
      </div>
    </Panel>
  );
}

type Mover = { profile: string; external_id: string | null; name: string | null; at: string; text: string };

function Movers(props: { label: string; movers: Mover[] }) {
  if (!props.movers.length) return null;
  return (
    <details>
      <summary className="small">{props.label}</summary>
      <ul className="sample">
        {props.movers.map((one) => (
          <li key={one.profile}>
            <Link to="/people/$who" params={{ who: one.profile }}>
              {one.name || one.external_id || one.profile}
            </Link>
            <code className="soft small">{one.text}</code>
          </li>
        ))}
      </ul>
    </details>
  );
}
