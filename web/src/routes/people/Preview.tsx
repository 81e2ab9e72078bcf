import { number, time } from "@/lib/format";
import { t } from "@/lib/i18n";
import { Mark } from "@/ui/Mark";
import { Panel } from "@/ui/Page";
import { Table } from "@/ui/Table";
import type { Kind, ReadRow } from "./imports";
import { shown } from "./people";

/** The first rows as they would be read; what is wrong with one stands in it. */
export function Preview(props: { rows: ReadRow[]; kind: Kind; stale: boolean }) {
  return (
    <Panel title={t("people.import.preview")}>
      <Table
        label={t("people.import.preview")}
        rows={props.rows}
        id={(row) => String(row.line)}
        stale={props.stale}
        columns={[
          {
            key: "line",
            title: t("people.import.line"),
            cell: (row) => <span className="num">{number(row.line)}</span>,
          },
          {
            key: "who",
            title: t("people.import.who"),
            cell: (row) => row.identifiers.map((one) => one.value).join(" · ") || "–",
          },
          { key: "what", title: t("people.import.what"), cell: (row) => <What row={row} /> },
        ]}
      />
    </Panel>
  );
}

function What({ row }: { row: ReadRow }) {
  if (row.flaws.length)
    return (
      <>
        {row.flaws.map((flaw) => (
          <div key={`${flaw.at} ${flaw.message}`}>
            <Mark tone="bad">{t("people.import.count.refused")}</Mark> {flaw.at && <code>{flaw.at}</code>}{" "}
            {flaw.message}
          </div>
        ))}
      </>
    );
  const pairs = Object.entries(row.traits ?? row.properties ?? {});
  return (
    <>
      {row.event && <b>{row.event} </b>}
      {row.at && <span className="num">{time(row.at)} </span>}
      <span className="soft">{pairs.map(([name, value]) => `${name}: ${shown(value)}`).join(" · ")}</span>
    </>
  );
}
