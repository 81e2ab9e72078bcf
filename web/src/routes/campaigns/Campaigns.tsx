import { IconPlus, IconSend } from "@tabler/icons-react";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { api, ask } from "@/lib/api";
import { hour, money, number, percent, tick, time } from "@/lib/format";
import { say, t } from "@/lib/i18n";
import { useShortcuts } from "@/lib/keys";
import { usePages } from "@/lib/pages";
import { useMay } from "@/lib/session";
import { useUrlState } from "@/lib/url";
import { Channel } from "@/ui/Channel";
import { Button, Menu, Progress } from "@/ui/controls";
import { Mark } from "@/ui/Mark";
import { Page, Panel } from "@/ui/Page";
import { Empty } from "@/ui/State";
import { type Column, type Sorting, Table } from "@/ui/Table";
import { type Line, placeOf, TONES } from "./campaign";
import "./campaigns.css";
import { MoreMenu } from "@/ui/IconButton";
import { Filters } from "./Filters";
import { mostOf, Share } from "./Share";
import { useCopy } from "./useCopy";

const SORTS = { name: "name", state: "state", planned: "planned" } as const;
type Sort = "newest" | keyof typeof SORTS;
const isSort = (word: string): word is Sort => word === "newest" || word in SORTS;

/** Every campaign with how far it is and what came back. */
export default function Campaigns() {
  const [q, setQ] = useUrlState("q", "");
  const [states, setStates] = useUrlState<string[]>("state", NONE);
  const [sort, setSort] = useUrlState<string>("sort", "newest");
  const may = useMay("campaigns.write");
  const navigate = useNavigate();
  const begin = () => void navigate({ to: "/campaigns/$campaign/plan", params: { campaign: "new" } });
  useShortcuts(may ? [{ keys: "c", label: t("campaigns.new"), run: begin }] : []);
  const by = isSort(sort) ? sort : "newest";
  const list = usePages(["campaigns", "list", q, states, by], async (cursor) => {
    const query = { q, state: states, sort: by, cursor, limit: 50 };
    const page = await ask(api.GET("/api/v1/campaigns", { params: { query } }));
    return { rows: page.campaigns, next: page.cursor };
  });
  const filtered = q !== "" || states.length > 0;
  const button = may && (
    <Button component={Link} to="/campaigns/new/plan" leftSection={<IconPlus size={16} aria-hidden />}>
      {t("campaigns.new")}
    </Button>
  );
  const nothing = filtered ? (
    <Empty
      title={t("campaigns.none_found")}
      text={t("campaigns.none_found.text")}
      action={
        <Button variant="default" onClick={() => void navigate({ to: "/campaigns" })}>
          {t("campaigns.filter.clear")}
        </Button>
      }
    />
  ) : (
    <Empty
      icon={<IconSend size={40} aria-hidden />}
      title={t("campaigns.none")}
      text={t("campaigns.none.text")}
      action={button}
    />
  );
  const bare = !filtered && list.rows?.length === 0;
  return (
    <Page title={t("campaigns.title")} actions={!bare && button}>
      {!bare && <Filters q={q} onQ={setQ} states={states} onStates={(next) => setStates(next.length ? next : NONE)} />}
      <Panel className="flush">
        <Table
          label={t("campaigns.title")}
          {...list}
          id={(one) => one.id}
          link={placeOf}
          columns={useColumns(list.rows ?? [], may)}
          sorting={sortingOf(by)}
          onSort={(next) => setSort(sortOf(next, by))}
          empty={nothing}
        />
      </Panel>
    </Page>
  );
}

const NONE: string[] = [];

/** Each order has one direction: names and states upwards, times downwards. Chosen again: the newest first. */
const sortingOf = (sort: Sort): Sorting | undefined =>
  sort === "newest" ? undefined : { by: sort, down: sort === "planned" };
const sortOf = (next: Sorting, now: Sort): Sort => (next.by !== now && isSort(next.by) ? next.by : "newest");

function useColumns(rows: Line[], may: boolean): Column<Line>[] {
  const opened = mostOf(rows.map((one) => one.opened));
  const clicked = mostOf(rows.map((one) => one.clicked));
  const converted = mostOf(rows.map((one) => one.converted));
  const columns: Column<Line>[] = [
    { key: "name", title: t("app.name"), cell: (one) => one.name, sorts: true, width: "26%" },
    {
      key: "state",
      title: t("campaigns.state"),
      cell: (one) => <Mark tone={TONES[one.state] ?? "calm"}>{say(`app.state.${one.state}`, one.state)}</Mark>,
      sorts: true,
    },
    {
      key: "channels",
      title: t("campaigns.channels"),
      cell: (one) => (
        <span style={{ display: "inline-flex", gap: 8 }}>
          {one.channels.map((channel) => (
            <Channel key={channel} name={channel} bare />
          ))}
        </span>
      ),
    },
    {
      key: "planned",
      title: t("campaigns.planned"),
      cell: (one) => <Planned at={one.planned_at} />,
      sorts: true,
    },
    { key: "progress", title: t("campaigns.progress"), cell: (one) => <Far line={one} />, width: "110px" },
    { key: "opened", title: t("campaigns.opened"), cell: (one) => <Share rate={one.opened} most={opened} /> },
    {
      key: "clicked",
      title: t("campaigns.clicked"),
      cell: (one) => <Share rate={one.clicked} most={clicked} />,
      wideOnly: true,
    },
    {
      key: "converted",
      title: t("campaigns.converted"),
      cell: (one) => <Share rate={one.converted} most={converted} />,
    },
    { key: "cost", title: t("campaigns.cost"), cell: (one) => (one.sent ? money(one.cost) : "–"), right: true },
  ];
  return may ? [...columns, { key: "more", title: "", cell: (one) => <More line={one} />, width: "44px" }] : columns;
}

function Planned({ at }: { at: string | null }) {
  if (!at) return <span className="soft">–</span>;
  return (
    <time dateTime={at} title={time(at)} className="num" style={{ whiteSpace: "nowrap" }}>
      {tick(Date.parse(at) / 1000, DAY_S)} <span className="soft">{hour(at)}</span>
    </time>
  );
}

const DAY_S = 86_400;

/** Sent, of how many people. Of a draft, how many there would be. */
function Far({ line }: { line: Line }) {
  const { people, told } = line.progress;
  if (line.state === "draft")
    return <span className="soft num">{t("campaigns.people_about", { n: number(people) })}</span>;
  const share = people ? Math.min(1, told / people) : 0;
  const label = t("campaigns.sent_of", { n: number(line.sent), of: number(people) });
  return (
    <span className="far num">
      <span>
        {number(line.sent)} <small className="soft">{percent(share, 0)}</small>
      </span>
      <Progress value={100 * share} aria-label={label} size="sm" />
    </span>
  );
}

function More({ line }: { line: Line }) {
  const [open, setOpen] = useState(false);
  const copy = useCopy(line.id);
  return (
    <MoreMenu opened={open} onChange={setOpen} busy={copy.busy} label={t("campaigns.more", { name: line.name })}>
      <Menu.Item onClick={() => void copy.run()}>{t("campaigns.copy")}</Menu.Item>
    </MoreMenu>
  );
}
