import { IconDownload } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { api, ask } from "@/lib/api";
import { time } from "@/lib/format";
import { t } from "@/lib/i18n";
import { usePages } from "@/lib/pages";
import { Button, Menu } from "@/ui/controls";
import { Mark } from "@/ui/Mark";
import { Page, Panel } from "@/ui/Page";
import { Empty } from "@/ui/State";
import { type Column, Table } from "@/ui/Table";
import { type Asked, Filters, useAsked } from "./AuditFilters";
import { actor, done, type Line, said, targets } from "./audit";
import { useBack } from "./back";
import "../access/access.css";
import "./team.css";

/** Who changed what, the newest first, as sentences. The filters stand in the address. */
export default function Audit() {
  const { asked, set, clear, any } = useAsked();
  const list = usePages<Line>(["audit", asked], async (cursor) => {
    const query = { ...asked, cursor, limit: 100 };
    const page = await ask(api.GET("/api/v1/audit", { params: { query } }));
    return { rows: page.lines, next: page.cursor };
  });
  return (
    <Page title={t("settings.audit")} back={useBack()} actions={<Export asked={asked} />}>
      <Panel>
        <Filters set={set} />
        <Table<Line>
          {...list}
          label={t("settings.audit")}
          id={(line) => line.id}
          columns={columns()}
          empty={
            <Empty
              title={t("log.none")}
              text={any ? t("log.none.text") : undefined}
              action={any && <Button onClick={clear}>{t("log.clear")}</Button>}
            />
          }
        />
      </Panel>
    </Page>
  );
}

function Export({ asked }: { asked: Asked }) {
  const given = Object.entries(asked).flatMap(([name, value]) => (value ? [[name, value]] : []));
  const address = (format: string) => `/api/v1/audit/export?${new URLSearchParams([...given, ["format", format]])}`;
  return (
    <Menu position="bottom-end" withInitialFocusPlaceholder={false} returnFocus>
      <Menu.Target>
        <Button variant="default" leftSection={<IconDownload size={16} aria-hidden />}>
          {t("log.export")}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item component="a" href={address("csv")} download>
          {t("log.csv")}
        </Menu.Item>
        <Menu.Item component="a" href={address("jsonl")} download>
          {t("log.jsonl")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

const columns = (): Column<Line>[] => [
  { key: "at", title: t("log.when"), cell: (line) => <time dateTime={line.at}>{time(line.at)}</time>, width: "11rem" },
  { key: "what", title: t("log.act"), cell: (line) => <Sentence line={line} /> },
  {
    key: "from",
    title: t("log.address"),
    cell: (line) => <span className="address">{line.address || "–"}</span>,
    wideOnly: true,
  },
  { key: "status", title: t("team.state"), cell: (line) => <Ended status={line.status} /> },
];

function Sentence({ line }: { line: Line }) {
  const detail = said(line.detail);
  return (
    <span className="stacked">
      <span>
        <strong className="name">{actor(line)}</strong> {done(line.act)}
        {targets(line.target).map((part) => (
          <span key={part.text} className="soft">
            {" · "}
            {part.to ? <Link to={part.to}>{part.text}</Link> : part.text}
          </span>
        ))}
      </span>
      {detail && <span className="soft small">{detail}</span>}
    </span>
  );
}

function Ended({ status }: { status: number | null }) {
  if (status === null) return <Mark tone="warn">{t("log.status.cut")}</Mark>;
  if (status < 400) return <Mark tone="good">{t("log.status.done")}</Mark>;
  return <Mark tone="bad">{t(status < 500 ? "log.status.refused" : "log.status.failed", { status })}</Mark>;
}
