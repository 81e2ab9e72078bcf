import type { ReactNode } from "react";
import { money, number } from "@/lib/format";
import { t } from "@/lib/i18n";
import { Channel } from "@/ui/Channel";
import { Panel } from "@/ui/Page";
import { Empty } from "@/ui/State";
import { type Column, Table } from "@/ui/Table";
import type { Row } from "../campaign";
import { mostOf, Share } from "../Share";

/** Channels and variants side by side, each rate with between which it lies 19 times in 20. */
export function Results(props: { rows: Row[] }) {
  const channels = props.rows.filter((row) => row.of === "channel");
  const variants = props.rows.filter((row) => row.of === "variant");
  const both = props.rows.filter((row) => row.of === "both");
  if (!channels.length)
    return (
      <Panel>
        <Empty title={t("campaigns.nothing_sent")} text={t("campaigns.nothing_sent.text")} />
      </Panel>
    );
  return (
    <>
      <Panel title={t("campaigns.by_channel")} aside={<small className="soft">{t("campaigns.intervals")}</small>}>
        <Rows label={t("campaigns.by_channel")} rows={channels} name={(row) => <Channel name={row.channel ?? ""} />} />
      </Panel>
      {variants.length > 1 && (
        <Panel title={t("campaigns.by_variant")}>
          <Rows label={t("campaigns.by_variant")} rows={variants} name={(row) => variantName(row.variant)} />
          <details className="fold">
            <summary>{t("campaigns.by_both")}</summary>
            <Rows
              label={t("campaigns.by_both")}
              rows={both}
              name={(row) => (
                <span style={{ display: "inline-flex", gap: 8 }}>
                  <Channel name={row.channel ?? ""} /> {variantName(row.variant)}
                </span>
              )}
            />
          </details>
        </Panel>
      )}
    </>
  );
}

export const variantName = (variant: string | null): string => variant || t("campaigns.base_variant");

function Rows(props: { label: string; rows: Row[]; name: (row: Row) => ReactNode }) {
  const { rows } = props;
  const most = {
    opened: mostOf(rows.map((row) => row.rates.opened)),
    clicked: mostOf(rows.map((row) => row.rates.clicked)),
    converted: mostOf(rows.map((row) => row.rates.converted)),
  };
  const share = (kind: keyof typeof most) => (row: Row) => (
    <Share rate={row.rates[kind]} channel={row.channel ?? undefined} most={most[kind]} wide />
  );
  const columns: Column<Row>[] = [
    { key: "name", title: t("campaigns.channel"), cell: props.name },
    {
      key: "sent",
      title: t("campaigns.sent"),
      right: true,
      cell: (row) => <Sent row={row} />,
    },
    { key: "delivered", title: t("campaigns.delivered"), cell: (row) => number(row.delivered), right: true },
    {
      key: "opened",
      title: t("campaigns.opened"),
      cell: (row) => (
        <>
          {share("opened")(row)}
          <Machines n={row.opened === null ? 0 : row.machine_opened} />
        </>
      ),
    },
    {
      key: "clicked",
      title: t("campaigns.clicked"),
      cell: (row) => (
        <>
          {share("clicked")(row)}
          <Machines n={row.machine_clicked} />
        </>
      ),
    },
    { key: "converted", title: t("campaigns.converted"), cell: share("converted") },
    { key: "cost", title: t("campaigns.cost"), cell: (row) => money(row.cost), right: true },
    {
      key: "each",
      title: t("campaigns.per_conversion"),
      cell: (row) => (row.cost_per_conversion === null ? "–" : money(row.cost_per_conversion)),
      right: true,
    },
  ];
  return <Table label={props.label} columns={columns} rows={rows} id={(row) => `${row.channel}/${row.variant}`} />;
}

function Sent({ row }: { row: Row }) {
  return (
    <>
      {number(row.sent)}
      {row.failed + row.expired > 0 && (
        <small className="soft block">{t("campaigns.failed_n", { n: number(row.failed + row.expired) })}</small>
      )}
      {row.in_doubt > 0 && (
        <small className="soft block">{t("campaigns.in_doubt_n", { n: number(row.in_doubt) })}</small>
      )}
    </>
  );
}

/** What mail programs and scanners did by themselves, counted apart. */
const Machines = ({ n }: { n: number }) =>
  n > 0 ? <small className="soft block num">{t("campaigns.machines", { n: number(n) })}</small> : null;
