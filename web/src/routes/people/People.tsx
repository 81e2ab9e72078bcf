import { IconDownload, IconPlus, IconUpload, IconUsers } from "@tabler/icons-react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { api, ask } from "@/lib/api";
import { compact, number } from "@/lib/format";
import { t, tn } from "@/lib/i18n";
import { useMay } from "@/lib/session";
import { useUrlState } from "@/lib/url";
import { Button } from "@/ui/controls";
import { Page } from "@/ui/Page";
import { Empty } from "@/ui/State";
import { AddPerson } from "./AddPerson";
import { Filters } from "./Filters";
import { PeopleList, useListKeys } from "./PeopleList";
import { whose } from "./people";
import { useUrlText } from "./url";
import "./people.css";

/** Whom we know, everybody, a segment's, or who is called so. */
export default function People() {
  const [q, setQ] = useUrlText("q");
  const [segment, setSegment] = useUrlText("segment");
  const [sort, setSort] = useUrlState("sort", "newest");
  const [adding, setAdding] = useState(false);
  const mayWrite = useMay("people.write");
  const navigate = useNavigate();
  useListKeys({ add: mayWrite ? () => setAdding(true) : undefined });
  const wish = {
    q: q.trim(),
    ...whose(segment),
    sort: sort === "oldest" ? "oldest" : "newest",
  } as const;
  return (
    <Page
      title={t("people.title")}
      badge={<Count {...wish} />}
      actions={
        <>
          <ExportLink {...wish} />
          {mayWrite && (
            <>
              <Button
                component={Link}
                to="/people/import"
                variant="default"
                leftSection={<IconUpload size={16} aria-hidden />}
              >
                {t("people.import")}
              </Button>
              <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setAdding(true)}>
                {t("people.add")}
              </Button>
            </>
          )}
        </>
      }
    >
      <Filters q={wish.q} onSearch={setQ} segment={segment} onSegment={setSegment} sort={wish.sort} onSort={setSort} />
      <PeopleList {...wish} empty={<None {...wish} onClear={() => setQ("")} mayWrite={mayWrite} />} />
      <AddPerson
        opened={adding}
        onClose={() => setAdding(false)}
        onAdded={(id) => void navigate({ to: "/people/$who", params: { who: id } })}
      />
    </Page>
  );
}

function Count(props: { segment: string; known: boolean; q: string }) {
  const { segment, known } = props;
  const { data, isPlaceholderData } = useQuery({
    queryKey: ["people", "total", segment, known],
    queryFn: () =>
      ask(api.GET("/api/v1/people", { params: { query: { segment: segment || undefined, known, limit: 1 } } })),
    placeholderData: keepPreviousData,
    enabled: !props.q,
    refetchInterval: 30_000,
  });
  const total = data?.total;
  if (props.q || total === null || total === undefined) return null;
  const said = data?.total_is_estimate ? t("people.count.about", { n: compact(total) }) : tn("people.count", total);
  return (
    <span className={`soft num ${isPlaceholderData ? "stale" : ""}`} title={number(total)}>
      {said}
    </span>
  );
}

function ExportLink(props: { q: string; segment: string; known: boolean; sort: string }) {
  const query = new URLSearchParams({ sort: props.sort, known: String(props.known) });
  if (props.q) query.set("q", props.q);
  if (props.segment) query.set("segment", props.segment);
  return (
    <Button
      component="a"
      href={`/api/v1/people/export?${query}`}
      download="people.csv"
      variant="default"
      leftSection={<IconDownload size={16} aria-hidden />}
    >
      {t("people.export")}
    </Button>
  );
}

function None(props: { q: string; segment: string; onClear: () => void; mayWrite: boolean }) {
  const icon = <IconUsers size={32} aria-hidden />;
  if (props.q)
    return (
      <Empty
        icon={icon}
        title={t("people.none.found", { q: props.q })}
        text={t("people.none.found.text")}
        action={
          <Button variant="default" onClick={props.onClear}>
            {t("people.search.clear")}
          </Button>
        }
      />
    );
  if (props.segment) return <Empty icon={icon} title={t("people.none.segment")} text={t("people.none.segment.text")} />;
  return (
    <Empty
      icon={icon}
      title={t("people.none")}
      text={t("people.none.text")}
      action={
        props.mayWrite && (
          <Button component={Link} to="/people/import">
            {t("people.import")}
          </Button>
        )
      }
    />
  );
}
