import { useState } from "react";
import { api, ask } from "@/lib/api";
import { useChange } from "@/lib/change";
import { ago, time } from "@/lib/format";
import { t } from "@/lib/i18n";
import { useMay } from "@/lib/session";
import { Tooltip } from "@/ui/controls";
import { Panel } from "@/ui/Page";
import { AddButton } from "./AddButton";
import { type PersonPage, shown, sourceName, type Trait } from "./people";
import { TraitForm } from "./TraitForm";
import { kindOf } from "./traits";

type Input = { name: string; value: unknown };

/** What is known of them. A value is changed where it stands. */
export function Traits(props: { who: string; page: PersonPage }) {
  const { traits } = props.page;
  const [editing, setEditing] = useState<string>();
  const mayWrite = useMay("people.write");
  const change = useTrait(props.who);
  const save = (name: string, value: unknown) => {
    setEditing(undefined);
    void change.run({ name, value });
  };
  const form = { onCancel: () => setEditing(undefined), onSave: save };
  return (
    <Panel
      title={t("people.traits")}
      aside={mayWrite && <AddButton run={() => setEditing("")}>{t("people.trait.add")}</AddButton>}
    >
      {editing === "" && <TraitForm {...form} />}
      {!traits.length && editing === undefined && <p className="soft none">{t("people.traits.none")}</p>}
      <ul className="traits">
        {traits.map((one) =>
          editing === one.name ? (
            <li key={one.name}>
              <TraitForm {...form} trait={one} />
            </li>
          ) : (
            <li key={one.name}>
              <Line one={one} onEdit={mayWrite ? () => setEditing(one.name) : undefined} />
            </li>
          ),
        )}
      </ul>
    </Panel>
  );
}

function Line({ one, onEdit }: { one: Trait; onEdit?: () => void }) {
  const told = [one.source && sourceName(one.source), one.at && ago(one.at)].filter(Boolean).join(" · ");
  const value =
    one.type === "time" && typeof one.value === "string" && one.value.includes("T")
      ? time(one.value)
      : shown(one.value);
  const inner = (
    <>
      <span className="soft">{one.name}</span>
      <span className={one.type === "number" ? "num" : undefined}>{value}</span>
    </>
  );
  if (!onEdit) return <div className="trait">{inner}</div>;
  return (
    <Tooltip label={told || t("people.trait.edit", { name: one.name })} position="left">
      <button
        type="button"
        className="trait"
        onClick={onEdit}
        aria-label={`${t("people.trait.edit", { name: one.name })}: ${value}`}
      >
        {inner}
      </button>
    </Tooltip>
  );
}

function useTrait(who: string) {
  const change = useChange({
    key: ["person", who],
    act: ({ name, value }: Input) =>
      ask(api.PATCH("/api/v1/people/{who}/traits", { params: { path: { who } }, body: { traits: { [name]: value } } })),
    now: (before: PersonPage, { name, value }) => {
      const rest = before.traits.filter((one) => one.name !== name);
      if (value === null) return { ...before, traits: rest };
      const made = { name, value, type: kindOf(value), source: "", at: null };
      return { ...before, traits: [...rest, made].sort((a, b) => (a.name < b.name ? -1 : 1)) };
    },
    said: ({ name, value }) => t(value === null ? "people.trait.removed" : "people.trait.changed", { name }),
    undo: (before: PersonPage | undefined, { name }): unknown =>
      change.run({ name, value: before?.traits.find((one) => one.name === name)?.value ?? null }),
  });
  return change;
}
