import { createContext, useContext } from "react";
import { now } from "@/lib/company";
import { say } from "@/lib/i18n";
import type { Fields, LeafForm, Measure, Name, Operator, Slot } from "./segments";
import { get, isRule, type Rule } from "./tree";

/** What the server says there is, with the names of campaigns, by which conditions are shown. */
export type Known = Fields & { campaigns: Name[] };

const KnownContext = createContext<Known | undefined>(undefined);
export const KnownProvider = KnownContext.Provider;

export function useKnown(): Known {
  const known = useContext(KnownContext);
  if (!known) throw new Error("a condition outside of a builder");
  return known;
}

/** The form of a leaf: by its key, and by whether an object stands under it. */
export function formOf(known: Known, leaf: Rule): LeafForm | undefined {
  const found = known.leaves.filter((form) => form.key in leaf);
  return found.find((form) => isRule(form.start[form.key]) === isRule(leaf[form.key])) ?? found[0];
}

const strings = (value: unknown): string[] =>
  (Array.isArray(value) ? value : [value]).flatMap((one) =>
    typeof one === "string" ? one : isRule(one) && typeof one.event === "string" ? one.event : [],
  );

/** The events that a leaf speaks of. */
export const eventsOf = (leaf: Rule): string[] => strings(leaf.event ?? leaf.sequence ?? []);

/** The names that may stand in a slot. */
export function namesFor(known: Known, names: Slot["names"], leaf: Rule): Name[] {
  if (names === "campaigns") return known.campaigns;
  if (names === "events") return known.known.events.map(({ name }) => ({ name, type: "", examples: [], note: "" }));
  if (names === "properties") {
    const wanted = eventsOf(leaf);
    const found = known.known.events.filter((event) => !wanted.length || wanted.includes(event.name));
    const all = new Map(found.flatMap((event) => event.properties.map((one) => [one.name, one])));
    return [...all.values()];
  }
  return names && names !== "channels" ? known.known[names] : [];
}

export const nameIn = (names: Name[], name: unknown): Name | undefined => names.find((one) => one.name === name);

/** Those that fit what the name is known to be, and the one that is there already. */
export function operatorsFor(known: Known, allowed: string[], type: string, present: unknown): Operator[] {
  const typed = ["text", "number", "boolean", "date", "list"].find((one) => one === type);
  return known.operators.filter(
    (one) =>
      allowed.includes(one.name) &&
      (!typed || !one.types.length || one.types.some((each) => each === typed) || one.name === present),
  );
}

export const operatorIn = (known: Known, name: unknown): Operator | undefined =>
  known.operators.find((one) => one.name === name);
export const measureIn = (known: Known, leaf: Rule): Measure | undefined =>
  known.measures.find((one) => isRule(leaf[one.name]));

/** A first value of a kind, when the operator changes and the one that was there does not fit. */
export function valueFor(operator: Operator | undefined, before: unknown, name?: Name): unknown {
  const fresh: Record<Operator["value"], unknown> = {
    scalar: name?.examples?.[0] ?? (name?.type === "number" ? 0 : name?.type === "boolean" ? true : ""),
    number: typeof name?.examples?.[0] === "number" ? name.examples[0] : 0,
    text: "",
    choices: [],
    flag: true,
    instant: new Date(now()).toISOString().slice(0, 10),
    duration: "7d",
    days: "7d",
  };
  if (!operator) return before;
  if (operator.value === "choices")
    return Array.isArray(before) ? before : before === "" ? [] : [before].filter(fits.scalar);
  const single = Array.isArray(before) ? before[0] : before;
  return fits[operator.value](single) ? single : fresh[operator.value];
}

const duration = (value: unknown) => typeof value === "string" && /^\d+[smhd]$/.test(value);
const fits: Record<Operator["value"], (value: unknown) => boolean> = {
  scalar: (value) => ["string", "number", "boolean"].includes(typeof value) && !duration(value),
  number: (value) => typeof value === "number",
  text: (value) => typeof value === "string" && !duration(value),
  choices: Array.isArray,
  flag: (value) => typeof value === "boolean",
  instant: (value) => typeof value === "string" && /^\d{4}-/.test(value),
  duration,
  days: (value) => typeof value === "string" && /^\d+d$/.test(value),
};

/** What has to be filled in before it can be asked: the slots, by their place in the leaf. */
export function missing(known: Known, leaf: Rule): string[] {
  const form = formOf(known, leaf);
  return (form?.slots ?? []).filter((slot) => slot.needed && isEmpty(slot, leaf)).map((slot) => slot.at);
}

function isEmpty(slot: Slot, leaf: Rule): boolean {
  const value = get(leaf, slot.at);
  if (slot.kind === "comparison") {
    const compared = isRule(value) ? value : {};
    return Array.isArray(compared.value)
      ? !compared.value.length
      : compared.value === "" || compared.value === undefined;
  }
  if (slot.kind === "steps")
    return strings(value).filter(Boolean).length < (slot.least ?? 2) || strings(value).includes("");
  return value === "" || value === undefined || (Array.isArray(value) && !value.length);
}

export const leafName = (name: string): string => say(`segments.leaf.${name}`, name);
export const slotName = (at: string): string => say(`segments.slot.${at}`, at);
export const choiceName = (choice: string): string =>
  choice === "*"
    ? say("segments.choice.all", "*")
    : say(`segments.choice.${choice}`, say(`app.channel.${choice}`, choice));
/** How an operator is called, by what it compares: `before` of a number is no date. */
export const operatorName = (op: string): string => say(`segments.op.${op}`, op);
export const measureName = (of: string): string => say(`segments.measure.${of}`, of);
