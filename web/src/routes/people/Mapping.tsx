import type { Problem } from "@/lib/api";
import { percent } from "@/lib/format";
import { say, t } from "@/lib/i18n";
import { NativeSelect, TextInput } from "@/ui/controls";
import { Mark } from "@/ui/Mark";
import { Table } from "@/ui/Table";
import type { Column, ImportPage } from "./imports";
import { type Choice, IDENTIFIERS, offered, type Wish } from "./mapping";
import { kindName } from "./people";

const SURE = 0.5;

/** Each column with what is in it, and what becomes of it. */
export function Mapping(props: {
  one: ImportPage;
  wish: Wish;
  onChange: (next: Wish) => void;
  error: Problem | undefined;
}) {
  const { one, wish } = props;
  const parts = offered(one.kind).map((value) => ({ value, label: partName(value) }));
  const change = (column: string, by: Partial<Choice>) =>
    props.onChange({
      ...wish,
      choices: wish.choices.map((each) => (each.column === column ? { ...each, ...by } : each)),
    });
  const of = (column: Column) => wish.choices.find((each) => each.column === column.name);
  const twice = (choice: Choice | undefined) =>
    choice &&
    !["trait", "property", "ignore"].includes(choice.becomes) &&
    wish.choices.filter((each) => each.becomes === choice.becomes).length > 1;
  const flaw = (choice: Choice | undefined) =>
    twice(choice)
      ? t("people.import.twice")
      : props.error?.errors.find((each) => each.at.endsWith(`.${choice?.becomes}`))?.message;
  return (
    <Table
      label={t("people.import.fields")}
      rows={one.columns}
      id={(column) => column.name}
      columns={[
        {
          key: "name",
          title: t("people.import.column"),
          cell: (column) => (
            <>
              <b className="column-name">{column.name}</b>
              <span className="soft small num filled">
                {t("people.import.filled", { share: percent(column.filled, 0) })}
              </span>
            </>
          ),
        },
        {
          key: "samples",
          title: t("people.import.samples"),
          cell: (column) => <span className="soft samples">{column.samples.join(" · ") || "–"}</span>,
        },
        {
          key: "becomes",
          title: t("people.import.becomes"),
          width: "230px",
          cell: (column) => (
            <div className="becomes">
              <NativeSelect
                aria-label={t("people.import.becomes.of", { column: column.name })}
                data={parts}
                value={of(column)?.becomes ?? "ignore"}
                onChange={(event) => change(column.name, { becomes: event.currentTarget.value })}
                error={flaw(of(column))}
              />
              {isUnsure(column, of(column)) && <Mark tone="warn">{t("people.import.unsure")}</Mark>}
            </div>
          ),
        },
        ...(one.kind === "people"
          ? [
              {
                key: "as",
                title: t("people.import.as"),
                width: "190px",
                cell: (column: Column) =>
                  of(column)?.becomes === "trait" ? (
                    <TextInput
                      aria-label={t("people.import.as.of", { column: column.name })}
                      value={of(column)?.name ?? ""}
                      onChange={(event) => change(column.name, { name: event.currentTarget.value })}
                    />
                  ) : null,
              },
            ]
          : []),
      ]}
    />
  );
}

/** What was guessed of who it is about or when it was, and is not sure; what a person chose is. */
function isUnsure(column: Column, choice: Choice | undefined): boolean {
  const guessed = column.part === "identifier" ? column.kind : column.part;
  return (
    guessed === choice?.becomes && (column.part === "identifier" || column.part === "time") && column.confidence < SURE
  );
}

function partName(part: string): string {
  return IDENTIFIERS.some((each) => each === part) ? kindName(part) : say(`people.import.part.${part}`, part);
}
