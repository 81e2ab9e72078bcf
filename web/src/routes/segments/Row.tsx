import { IconPlus } from "@tabler/icons-react";
import { t } from "@/lib/i18n";
import { Button, Menu, MultiSelect, TagsInput } from "@/ui/controls";
import { Amount, Choice, Duration, Named, Optional, Words } from "./Controls";
import { choiceName, formOf, leafName, measureIn, nameIn, namesFor, slotName, useKnown } from "./known";
import { Conditions, hasWindow, MeasurePart, measureStart, noWindow, type PartProps, Steps, WindowPart } from "./Parts";
import type { LeafForm, Slot } from "./segments";
import { get, isRule, put, type Rule } from "./tree";
import { Comparison, Value } from "./Value";

/** A condition as the server's form says: what it is, then one control for each slot, by the slot's kind. */
export function Row(props: { leaf: Rule; onChange: (leaf: Rule) => void; bad: string[] }) {
  const known = useKnown();
  const form = formOf(known, props.leaf);
  if (!form) return <code>{JSON.stringify(props.leaf)}</code>;
  const there = form.slots.filter((slot) => slot.needed || isThere(known, slot, props.leaf));
  const absent = form.slots.filter((slot) => !there.includes(slot));
  return (
    <div className="slots">
      <span className="kind">{leafName(form.name)}</span>
      {there.map((slot) => (
        <SlotControl
          key={`${slot.at} ${slot.kind}`}
          slot={slot}
          leaf={props.leaf}
          form={form}
          onChange={props.onChange}
          bad={props.bad.includes(slot.at)}
        />
      ))}
      {absent.length > 0 && <More slots={absent} add={(slot) => props.onChange(begun(slot, props.leaf))} />}
    </div>
  );
}

function isThere(known: ReturnType<typeof useKnown>, slot: Slot, leaf: Rule): boolean {
  if (slot.kind === "window") return hasWindow(leaf);
  if (slot.kind === "measure") return measureIn(known, leaf) !== undefined;
  return get(leaf, slot.at) !== undefined;
}

/** With the slot, as it begins. */
function begun(slot: Slot, leaf: Rule): Rule {
  const starts: Partial<Record<Slot["kind"], unknown>> = {
    duration: "30d",
    number: slot.least ?? 0,
    choice: slot.choices?.[0],
    choices: slot.choices,
    flag: slot.at !== "complete",
    conditions: [{ property: "", op: "eq", value: "" }],
  };
  if (slot.kind === "window") return { ...leaf, within: "30d" };
  if (slot.kind === "measure") return { ...leaf, count: measureStart("never", "count") };
  return put(leaf, slot.at, starts[slot.kind] ?? "");
}

function More(props: { slots: Slot[]; add: (slot: Slot) => void }) {
  return (
    <Menu position="bottom-start">
      <Menu.Target>
        <Button size="compact-xs" variant="subtle" leftSection={<IconPlus size={12} aria-hidden />}>
          {t("segments.more")}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {props.slots.map((slot) => (
          <Menu.Item key={`${slot.at} ${slot.kind}`} onClick={() => props.add(slot)}>
            {wordOf(slot)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

const wordOf = (slot: Slot): string =>
  slot.kind === "window" || slot.kind === "measure" ? t(`segments.${slot.kind}`) : slotName(slot.at);

type Inside = PartProps & { form: LeafForm; remove: () => void };
const text = (value: unknown): string => (typeof value === "string" ? value : "");

function SlotControl(props: PartProps & { form: LeafForm }) {
  const { slot, leaf } = props;
  const empty = (): Rule => {
    if (slot.kind === "window") return noWindow(leaf);
    if (slot.kind === "measure") return Object.fromEntries(Object.entries(leaf).filter(([key]) => !MEASURES.has(key)));
    return put(leaf, slot.at, undefined);
  };
  const inside: Inside = { ...props, remove: () => props.onChange(empty()) };
  const Whole = WHOLE[slot.kind];
  if (Whole) return <Whole {...inside} />;
  const Control = SIMPLE[slot.kind];
  if (!Control) return null;
  return (
    <Optional label={wordOf(slot)} word={worded(slot, props.form)} remove={slot.needed ? undefined : inside.remove}>
      <Control {...inside} />
    </Optional>
  );
}

const MEASURES = new Set(["count", "sum", "average", "min", "max", "distinct", "days", "first", "last", "most"]);
/** The first name of a condition needs no word before it: the condition's own name is that. */
const worded = (slot: Slot, form: LeafForm): boolean =>
  slot.at !== form.key && (!slot.needed || slot.at.includes(".") || slot.kind === "choice" || slot.kind === "text");

const WHOLE: Partial<Record<Slot["kind"], (props: Inside) => React.JSX.Element | null>> = {
  window: WindowPart,
  measure: MeasurePart,
  steps: Steps,
  conditions: (props) => (
    <Conditions
      leaf={props.leaf}
      events={props.leaf}
      allowed={props.slot.operators ?? []}
      onChange={(where) => props.onChange(put(props.leaf, "where", where))}
    />
  ),
  comparison: function Compared(props) {
    const known = useKnown();
    const named = props.form.slots.find((slot) => slot.kind === "name" && slot.names === props.slot.names);
    const name = named && nameIn(namesFor(known, named.names, props.leaf), get(props.leaf, named.at));
    const value = get(props.leaf, props.slot.at);
    return (
      <Comparison
        value={value}
        allowed={props.slot.operators ?? []}
        name={name}
        bad={props.bad}
        onChange={(next) => props.onChange(put(props.leaf, props.slot.at, next))}
      />
    );
  },
};

const SIMPLE: Partial<Record<Slot["kind"], (props: Inside) => React.JSX.Element>> = {
  name: function OneName({ slot, leaf, onChange, bad }) {
    const names = namesFor(useKnown(), slot.names, leaf).map((one) => one.name);
    const value = text(get(leaf, slot.at));
    return (
      <Named
        label={slotName(slot.at)}
        names={names}
        value={value}
        bad={bad}
        onChange={(next) => onChange(put(leaf, slot.at, next))}
      />
    );
  },
  names: function SomeNames({ slot, leaf, onChange, bad }) {
    const names = namesFor(useKnown(), slot.names, leaf).map((one) => one.name);
    const value = get(leaf, slot.at);
    const chosen = (Array.isArray(value) ? value : [value]).map(text).filter(Boolean);
    return (
      <TagsInput
        size="xs"
        className="tags"
        aria-label={slotName(slot.at)}
        placeholder={chosen.length ? undefined : slotName(slot.at)}
        data={names}
        error={bad}
        value={chosen}
        limit={60}
        onChange={(next) => onChange(put(leaf, slot.at, next.length > 1 ? next : (next[0] ?? "")))}
      />
    );
  },
  choice: ({ slot, leaf, onChange }) => (
    <Choice
      label={slotName(slot.at)}
      value={text(get(leaf, slot.at))}
      options={(slot.choices ?? []).map((one) => ({ value: one, label: choiceName(one) }))}
      onChange={(next) => onChange(put(leaf, slot.at, next))}
    />
  ),
  choices: ({ slot, leaf, onChange }) => {
    const value = get(leaf, slot.at);
    return (
      <MultiSelect
        size="xs"
        className="tags"
        aria-label={slotName(slot.at)}
        data={(slot.choices ?? []).map((one) => ({ value: one, label: choiceName(one) }))}
        value={Array.isArray(value) ? value.map(text) : []}
        onChange={(next) => onChange(put(leaf, slot.at, next.length ? next : undefined))}
      />
    );
  },
  duration: ({ slot, leaf, onChange, bad }) => (
    <Duration
      label={slotName(slot.at)}
      value={text(get(leaf, slot.at))}
      bad={bad}
      onChange={(next) => onChange(put(leaf, slot.at, next))}
    />
  ),
  number: ({ slot, leaf, onChange, bad }) => {
    const value = get(leaf, slot.at);
    return (
      <Amount
        label={slotName(slot.at)}
        value={typeof value === "number" ? value : 0}
        least={slot.least}
        most={slot.most}
        bad={bad}
        onChange={(next) => onChange(put(leaf, slot.at, next))}
      />
    );
  },
  text: ({ slot, leaf, onChange, bad }) => (
    <Words
      label={slotName(slot.at)}
      value={text(get(leaf, slot.at))}
      bad={bad}
      onChange={(next) => onChange(put(leaf, slot.at, next))}
    />
  ),
  clock: ({ slot, leaf, onChange, bad }) => (
    <Words
      label={slotName(slot.at)}
      type="time"
      value={text(get(leaf, slot.at))}
      bad={bad}
      onChange={(next) => onChange(put(leaf, slot.at, next))}
    />
  ),
  scalar: function OneValue({ slot, leaf, onChange, bad }) {
    const known = useKnown();
    const name = nameIn(namesFor(known, slot.names, leaf), leaf.changed);
    return (
      <Value
        kind="scalar"
        label={slotName(slot.at)}
        name={name}
        bad={bad}
        value={get(leaf, slot.at)}
        onChange={(next) => onChange(put(leaf, slot.at, next))}
      />
    );
  },
  flag: ({ slot, leaf, onChange }) => (
    <Value
      kind="flag"
      label={slotName(slot.at)}
      value={get(leaf, slot.at)}
      onChange={(next) => onChange(put(leaf, slot.at, next))}
    />
  ),
};

/** A condition in a few words, for those who hear it: "Trait tier". */
export function spoken(form: LeafForm | undefined, leaf: Rule): string {
  const first = form?.slots.find((slot) => slot.kind === "name" || slot.kind === "names" || slot.kind === "choice");
  const value = first ? get(leaf, first.at) : undefined;
  const what = Array.isArray(value) ? value.join(", ") : isRule(value) ? "" : text(value);
  return `${form ? leafName(form.name) : ""} ${what}`.trim();
}
