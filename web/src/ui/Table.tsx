import "./tables.css";
import { Button } from "@mantine/core";
import { IconArrowDown, IconArrowUp } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { t } from "@/lib/i18n";
import { Empty, Failed, Waiting } from "./State";

export type Column<T> = {
  key: string;
  title: string;
  cell: (row: T) => ReactNode;
  /** Its head sorts. */
  sorts?: boolean;
  /** Numbers: at the right edge, digits under digits. */
  right?: boolean;
  /** Left out where there is little room. */
  wideOnly?: boolean;
  width?: string;
};
export type Sorting = { by: string; down: boolean };

export type TableProps<T> = {
  label: string;
  columns: Column<T>[];
  /** undefined while they are on their way. */
  rows: T[] | undefined;
  id: (row: T) => string;
  /** Where a row leads: the first cell becomes the link, the whole row is its target. */
  link?: (row: T) => string;
  sorting?: Sorting;
  onSort?: (next: Sorting) => void;
  /** What stands here when there are none. */
  empty?: ReactNode;
  error?: unknown;
  refetch?: () => unknown;
  /** The rows are those of the question before; they are dimmed until the new ones come. */
  stale?: boolean;
  more?: { load: () => void; busy: boolean };
};

// Roles are named, because tables that are laid out as cards lose theirs in some browsers.
/** Rows under heads; cards on a phone. What is sorted or asked for is up to the screen. */
export function Table<T>(props: TableProps<T>) {
  if (!props.rows) {
    if (props.error) return <Failed error={props.error} retry={() => void props.refetch?.()} />;
    return <Waiting rows={8} />;
  }
  if (!props.rows.length) return <>{props.empty ?? <Empty title={t("app.none")} />}</>;
  return (
    <div className={props.stale ? "stale" : undefined} aria-busy={props.stale}>
      {props.onSort && <PhoneSort {...props} />}
      <table role="table" className="data cards" aria-label={props.label}>
        <thead role="rowgroup">
          <tr role="row">
            {props.columns.map((column) => (
              <Head key={column.key} column={column} sorting={props.sorting} onSort={props.onSort} />
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {props.rows.map((row) => (
            <tr role="row" key={props.id(row)} className={props.link ? "leads" : undefined}>
              {props.columns.map((column, n) => (
                <td role="cell" key={column.key} className={classOf(column)} data-label={n ? column.title : undefined}>
                  <span>
                    {n === 0 && props.link ? <Link to={props.link(row)}>{column.cell(row)}</Link> : column.cell(row)}
                  </span>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {props.more && (
        <div style={{ display: "grid", justifyItems: "center", paddingTop: 12 }}>
          <Button variant="default" loading={props.more.busy} onClick={props.more.load}>
            {t("app.show_more")}
          </Button>
        </div>
      )}
    </div>
  );
}

function Head<T>(props: { column: Column<T>; sorting?: Sorting; onSort?: (next: Sorting) => void }) {
  const { column, sorting, onSort } = props;
  const chosen = sorting?.by === column.key;
  const order = chosen ? (sorting.down ? "descending" : "ascending") : "none";
  const Icon = chosen && !sorting.down ? IconArrowUp : IconArrowDown;
  return (
    <th
      role="columnheader"
      scope="col"
      className={classOf(column)}
      style={{ width: column.width }}
      aria-sort={column.sorts && onSort ? order : undefined}
    >
      {column.sorts && onSort ? (
        <button type="button" onClick={() => onSort({ by: column.key, down: chosen ? !sorting.down : false })}>
          {column.title}
          <Icon size={14} aria-hidden style={{ visibility: chosen ? "visible" : "hidden" }} />
        </button>
      ) : (
        column.title
      )}
    </th>
  );
}

/** Cards have no heads to press. */
function PhoneSort<T>(props: TableProps<T>) {
  const value = props.sorting ? `${props.sorting.by} ${props.sorting.down}` : "";
  return (
    <label className="phone-sort">
      {t("app.sort")}
      <select
        value={value}
        onChange={(event) => {
          const [by = "", down] = event.currentTarget.value.split(" ");
          props.onSort?.({ by, down: down === "true" });
        }}
      >
        {!props.sorting && <option value="">–</option>}
        {props.columns
          .filter((column) => column.sorts)
          .flatMap((column) => [
            <option key={`${column.key} up`} value={`${column.key} false`}>
              {column.title} ↑
            </option>,
            <option key={`${column.key} down`} value={`${column.key} true`}>
              {column.title} ↓
            </option>,
          ])}
      </select>
    </label>
  );
}

const classOf = <T,>(column: Column<T>): string | undefined =>
  [column.right && "right", column.wideOnly && "hide-phone"].filter(Boolean).join(" ") || undefined;
