import { IconPlus, IconUsersGroup } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useDeferredValue, useState } from "react";
import { number } from "@/lib/format";
import { t, tn } from "@/lib/i18n";
import { useShortcuts } from "@/lib/keys";
import { useMay } from "@/lib/session";
import { useUrlState } from "@/lib/url";
import { Button, Select, TextInput } from "@/ui/controls";
import { Mark } from "@/ui/Mark";
import { Page, Panel } from "@/ui/Page";
import { Sparkline } from "@/ui/Sparkline";
import { Empty } from "@/ui/State";
import { type Column, type Sorting, Table } from "@/ui/Table";
import "./pages.css";
import {
  campaignsQuery,
  kindName,
  kindOf,
  overviewQuery,
  type SegmentLine,
  stateName,
  stateOf,
  toneOf,
} from "./segments";

const SHOWN = ["rule", "list", "stage", "draft", "archived"] as const;

export default function Segments() {
  const query = useQuery(overviewQuery);
  const [q, setQ] = useUrlState<string>("q", "");
  const [show, setShow] = useUrlState<string>("show", "");
  const [sort, setSort] = useUrlState<string>("sort", "name");
  const may = useMay("segments.write");
  const uses = useUses();
  const sorting: Sorting = { by: sort.replace(/^-/, ""), down: sort.startsWith("-") };
  const rows = useDeferredValue(query.data && sorted(found(query.data.segments, q, show), sorting));
  const [wide] = useState(() => matchMedia("(min-width: 768px)").matches);
  useShortcuts([{ keys: "/", label: t("app.search"), run: () => document.getElementById("segments-q")?.focus() }]);
  const none = query.data?.segments.length === 0;
  return (
    <Page
      title={t("segments.title")}
      actions={
        may && (
          <Button component={Link} to="/segments/new" leftSection={<IconPlus size={16} aria-hidden />}>
            {t("segments.new")}
          </Button>
        )
      }
    >
      <Panel>
        {!none && (
          <search className="filters">
            <TextInput
              id="segments-q"
              aria-label={t("app.search")}
              placeholder={t("app.search")}
              value={q}
              onChange={(event) => setQ(event.currentTarget.value)}
            />
            <Select
              aria-label={t("segments.show")}
              clearable
              placeholder={t("segments.show.all")}
              data={SHOWN.map((one) => ({ value: one, label: t(`segments.show.${one}`) }))}
              value={show || null}
              onChange={(next) => setShow(next ?? "")}
            />
            <span className="soft small num" role="status">
              {rows ? tn("segments.found", rows.length) : ""}
            </span>
          </search>
        )}
        <Table
          label={t("segments.title")}
          rows={rows}
          error={query.error}
          refetch={query.refetch}
          id={(one) => one.id}
          link={(one) => `/segments/${one.id}`}
          sorting={sorting}
          onSort={(next) => setSort(`${next.down ? "-" : ""}${next.by}`)}
          columns={columns(uses, wide)}
          empty={
            none ? (
              <Empty
                icon={<IconUsersGroup size={32} aria-hidden />}
                title={t("segments.none")}
                text={t("segments.none.text")}
                action={
                  may && (
                    <Button component={Link} to="/segments/new">
                      {t("segments.new")}
                    </Button>
                  )
                }
              />
            ) : (
              <Empty
                title={t("segments.none_found")}
                action={
                  <Button
                    variant="default"
                    onClick={() => {
                      setQ("");
                      setShow("");
                    }}
                  >
                    {t("segments.show_all")}
                  </Button>
                }
              />
            )
          }
        />
      </Panel>
    </Page>
  );
}

/** Campaigns by the segment that they are for. */
function useUses(): Map<string, number> {
  const campaigns = useQuery({ ...campaignsQuery, enabled: useMay("campaigns.read") });
  const uses = new Map<string, number>();
  for (const one of campaigns.data?.campaigns ?? []) uses.set(one.segment, (uses.get(one.segment) ?? 0) + 1);
  return uses;
}

function found(all: SegmentLine[], q: string, show: string): SegmentLine[] {
  const wanted = q.trim().toLowerCase();
  return all.filter((one) => {
    const state = stateOf(one);
    if (show === "archived" ? state !== "archived" : state === "archived") return false;
    if (show === "draft" && state !== "draft" && one.draft === null) return false;
    if (["rule", "list", "stage"].includes(show) && kindOf(one) !== show) return false;
    return !wanted || one.name.toLowerCase().includes(wanted) || (one.text ?? "").toLowerCase().includes(wanted);
  });
}

const VALUES: Record<string, (one: SegmentLine) => number> = {
  size: (one) => one.size,
  today: (one) => one.entered_today - one.left_today,
};

function sorted(rows: SegmentLine[], by: Sorting): SegmentLine[] {
  const value = VALUES[by.by];
  const order = value
    ? (a: SegmentLine, b: SegmentLine) => value(a) - value(b)
    : (a: SegmentLine, b: SegmentLine) => a.name.localeCompare(b.name);
  return [...rows].sort((a, b) => (by.down ? -1 : 1) * order(a, b));
}

const signed = (n: number): string => (n > 0 ? `+${number(n)}` : n < 0 ? `−${number(-n)}` : "0");

function columns(uses: Map<string, number>, wide: boolean): Column<SegmentLine>[] {
  return [
    { key: "name", title: t("app.name"), cell: (one) => one.name, sorts: true, width: "34%" },
    { key: "kind", title: t("segments.kind"), cell: (one) => kindName(kindOf(one)), wideOnly: true },
    {
      key: "state",
      title: t("segments.state"),
      cell: (one) => {
        const state = stateOf(one);
        return (
          <span className="states">
            <Mark tone={toneOf(state)}>{stateName(state)}</Mark>
            {one.draft !== null && state !== "draft" && <span className="soft small">{t("segments.has_draft")}</span>}
          </span>
        );
      },
    },
    { key: "size", title: t("segments.size"), cell: (one) => number(one.size), right: true, sorts: true },
    {
      key: "today",
      title: t("segments.today"),
      right: true,
      sorts: true,
      cell: (one) => (
        <span title={t("segments.today.title", { entered: number(one.entered_today), left: number(one.left_today) })}>
          {signed(one.entered_today - one.left_today)}
        </span>
      ),
    },
    {
      key: "sizes",
      title: t("segments.days"),
      wideOnly: true,
      cell: (one) => <Sparkline label={t("segments.size_of", { name: one.name })} values={wide ? one.sizes : []} />,
    },
    { key: "used", title: t("segments.used_by"), wideOnly: true, cell: (one) => usedBy(one, uses.get(one.name) ?? 0) },
  ];
}

function usedBy(one: SegmentLine, campaigns: number) {
  const said = [
    campaigns && tn("segments.campaigns", campaigns),
    one.used_by.length && tn("segments.segments", one.used_by.length),
  ].filter(Boolean);
  return said.length ? <span title={one.used_by.join(", ")}>{said.join(", ")}</span> : <span className="soft">–</span>;
}
