import { IconFolderPlus, IconPlus } from "@tabler/icons-react";
import { useMemo, useRef, useState } from "react";
import { say, t } from "@/lib/i18n";
import { Button, Combobox, useCombobox } from "@/ui/controls";
import { type Known, leafName, useKnown } from "./known";
import type { Rule } from "./tree";

type Offer = { key: string; group: string; label: string; rule: Rule };
const SHOWN = 60;

/** Everything that can be asked about, in one list to type into: conditions, then traits, events and segments by name. */
function offers(known: Known): Offer[] {
  const forms = known.leaves.map((form) => ({
    key: form.name,
    group: say(`segments.about.${form.group}`, form.group),
    label: leafName(form.name),
    rule: form.start,
  }));
  const named = (key: string, names: string[], of: (name: string) => Rule) =>
    names.map((name) => ({ key: `${key} ${name}`, group: leafName(key), label: name, rule: of(name) }));
  const known_ = known.known;
  const start = (type: string): Rule =>
    type === "number"
      ? { op: "gte", value: 0 }
      : type === "boolean"
        ? { op: "eq", value: true }
        : type === "date"
          ? { op: "within", value: "30d" }
          : { op: "eq", value: "" };
  const types = new Map(known_.traits.map((one) => [one.name, one.type ?? ""]));
  return [
    ...forms,
    ...named(
      "event",
      known_.events.map((one) => one.name),
      (event) => ({ event }),
    ),
    ...named(
      "trait",
      known_.traits.map((one) => one.name),
      (trait) => ({ trait, ...start(types.get(trait) ?? "") }),
    ),
    ...named(
      "segment",
      known_.segments.map((one) => one.name),
      (segment) => ({ segment }),
    ),
  ];
}

export function Add(props: { add: (rule: Rule) => void; deep: boolean }) {
  const known = useKnown();
  const all = useMemo(() => offers(known), [known]);
  const [q, setQ] = useState("");
  const target = useRef<HTMLButtonElement>(null);
  const box = useCombobox({
    onDropdownClose: () => {
      box.resetSelectedOption();
      setQ("");
    },
    onDropdownOpen: () => box.focusSearchInput(),
  });
  const wanted = q.trim().toLowerCase();
  const found = all
    .filter((one) => (wanted ? one.label.toLowerCase().includes(wanted) : !one.key.includes(" ")))
    .slice(0, SHOWN);
  const groups = [...new Set(found.map((one) => one.group))];
  return (
    <div className="adds">
      <Combobox
        store={box}
        position="bottom-start"
        width={300}
        onOptionSubmit={(key) => {
          const chosen = all.find((one) => one.key === key);
          box.closeDropdown();
          if (chosen) props.add(structuredClone(chosen.rule));
        }}
      >
        <Combobox.Target targetType="button" withExpandedAttribute>
          <Button
            ref={target}
            size="compact-sm"
            variant="light"
            aria-label={t("segments.add")}
            leftSection={<IconPlus size={14} aria-hidden />}
            onClick={() => box.toggleDropdown()}
          >
            {t("segments.add")}
          </Button>
        </Combobox.Target>
        <Combobox.Dropdown>
          <Combobox.Search
            value={q}
            aria-label={t("segments.add.search")}
            placeholder={t("segments.add.search")}
            onChange={(event) => {
              setQ(event.currentTarget.value);
              box.updateSelectedOptionIndex();
              box.selectFirstOption();
            }}
          />
          <Combobox.Options aria-label={t("segments.add")} style={{ maxHeight: 320, overflowY: "auto" }}>
            {groups.map((group) => (
              <Combobox.Group key={group} label={group}>
                {found
                  .filter((one) => one.group === group)
                  .map((one) => (
                    <Combobox.Option key={one.key} value={one.key}>
                      {one.label}
                    </Combobox.Option>
                  ))}
              </Combobox.Group>
            ))}
            {!found.length && <Combobox.Empty>{t("segments.add.none")}</Combobox.Empty>}
          </Combobox.Options>
        </Combobox.Dropdown>
      </Combobox>
      {props.deep && (
        <Button
          size="compact-sm"
          variant="subtle"
          leftSection={<IconFolderPlus size={14} aria-hidden />}
          onClick={() => props.add({ any: [] })}
        >
          {t("segments.add.group")}
        </Button>
      )}
    </div>
  );
}
