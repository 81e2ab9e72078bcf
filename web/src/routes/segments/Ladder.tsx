import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { api, ask } from "@/lib/api";
import { number } from "@/lib/format";
import { t } from "@/lib/i18n";
import { Bars } from "@/ui/Bars";
import { Panel } from "@/ui/Page";
import { Loaded } from "@/ui/State";
import { Table } from "@/ui/Table";

const MOVES = 12;

/** The ladder that this is a stage of: its stages with their sizes, and who went from where to where in 30 days. */
export function Ladder(props: { name: string; segment: string }) {
  const query = useQuery({
    queryKey: ["segments", "ladder", props.name],
    queryFn: () => ask(api.GET("/api/v1/ladders/{ladder}", { params: { path: { ladder: props.name } } })),
  });
  return (
    <Panel title={t("segments.ladder", { name: props.name })}>
      <Loaded query={query} rows={5} height={28}>
        {({ stages, moves }) => {
          const byPeople = moves.filter((one) => !one.by_rule).sort((a, b) => b.people - a.people);
          return (
            <div className="split even">
              <Bars
                label={t("segments.stages")}
                bars={stages.map((stage) => ({
                  key: stage.segment,
                  label:
                    stage.segment === props.segment ? (
                      <b>{stage.name}</b>
                    ) : (
                      <Link to="/segments/$segment" params={{ segment: stage.segment }} className="plain">
                        {stage.name}
                      </Link>
                    ),
                  value: stage.members,
                }))}
              />
              {byPeople.length ? (
                <Table
                  label={t("segments.ladder.moves")}
                  rows={byPeople.slice(0, MOVES)}
                  id={(one) => `${one.from} ${one.to}`}
                  columns={[
                    {
                      key: "from",
                      title: t("segments.ladder.from"),
                      cell: (one) => one.from ?? t("segments.ladder.outside"),
                    },
                    {
                      key: "to",
                      title: t("segments.ladder.to"),
                      cell: (one) => one.to ?? t("segments.ladder.outside"),
                    },
                    {
                      key: "people",
                      title: t("segments.ladder.people"),
                      right: true,
                      cell: (one) => number(one.people),
                    },
                  ]}
                />
              ) : (
                <p className="soft small">{t("segments.ladder.none")}</p>
              )}
            </div>
          );
        }}
      </Loaded>
    </Panel>
  );
}
