/** A message as it is written: JSON of which the server says what is wrong. Everything here keeps what it does not know. */
export type Json = Record<string, unknown>;
export type Block = Json & { kind: string };
export type Step = string | number;
/** What is looked at: a channel's form in one language, of the base (no variant) or of a variant. */
export type Scope = { channel: string; locale: string; variant: string };

export const CHANNELS = ["email", "sms", "push"] as const;
export const isMap = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isBlock = (value: unknown): value is Block => isMap(value) && typeof value.kind === "string";

export function read(at: unknown, path: Step[]): unknown {
  let found = at;
  for (const step of path) {
    if (Array.isArray(found)) found = found[Number(step)];
    else if (isMap(found)) found = found[step];
    else return undefined;
  }
  return found;
}

/** Another document with that value there; `undefined` takes it away. Maps on the way are made. */
export function write(at: Json, path: Step[], value: unknown): Json {
  const [step, ...rest] = path;
  if (step === undefined) return at;
  const { [step]: before, ...others } = at;
  const after = rest.length ? write(isMap(before) ? before : {}, rest, value) : value;
  if (after === undefined) return others;
  return step in at
    ? Object.fromEntries(Object.entries(at).map(([key, old]) => [key, key === String(step) ? after : old]))
    : { ...at, [step]: after };
}

export const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

const mapAt = (at: unknown, path: Step[]): Json => {
  const found = read(at, path);
  return isMap(found) ? found : {};
};
export const localesOf = (document: Json): string[] => Object.keys(mapAt(document, ["locales"]));
export const variantsOf = (document: Json): string[] => Object.keys(mapAt(document, ["variants"]));
/** The one that everybody gets for whom there is none of their own. */
export const mainLocale = (document: Json): string => {
  const locales = localesOf(document);
  return locales.includes("en") ? "en" : (locales[0] ?? "en");
};
export const channelsOf = (document: Json, locale?: string): string[] => {
  const locales = locale === undefined ? localesOf(document) : [locale];
  return CHANNELS.filter((channel) => locales.some((one) => isMap(read(document, ["locales", one, channel]))));
};
export const topicOf = (document: Json): string => (typeof document.topic === "string" ? document.topic : "");

const placeOf = (scope: Scope): Step[] =>
  scope.variant ? ["variants", scope.variant, scope.locale, scope.channel] : ["locales", scope.locale, scope.channel];
const baseOf = (scope: Scope): Step[] => ["locales", scope.locale, scope.channel];

/** RFC 7396: what a variant changes, merged into the base. */
function merged(base: unknown, changes: unknown): unknown {
  if (!isMap(changes) || !isMap(base)) return changes;
  const all = { ...base };
  for (const [key, change] of Object.entries(changes)) {
    if (change === null) delete all[key];
    else all[key] = merged(base[key], change);
  }
  return all;
}

/** The form as it will be sent; undefined where there is none. */
export function formOf(document: Json, scope: Scope): Json | undefined {
  const base = read(document, baseOf(scope));
  const change = scope.variant ? read(document, placeOf(scope)) : undefined;
  const found = change === undefined ? base : change === null ? undefined : merged(base, change);
  return isMap(found) ? found : undefined;
}

export const textOf = (form: Json | undefined, field: string): string => {
  const value = form?.[field];
  return typeof value === "string" ? value : "";
};
export const blocksOf = (form: Json | undefined): Block[] =>
  Array.isArray(form?.blocks) ? form.blocks.filter(isBlock) : [];

/** A field of the form becomes another; in a variant only what differs from the base is written down. */
export function setField(document: Json, scope: Scope, field: string, value: unknown): Json {
  if (!scope.variant) return write(document, [...baseOf(scope), field], value);
  const base = read(document, [...baseOf(scope), field]);
  if (same(base, value)) return forget(document, scope, field);
  return write(document, [...placeOf(scope), field], value === undefined ? null : value);
}

/** A variant says there what the base says again. */
export function forget(document: Json, scope: Scope, field: string): Json {
  let after = write(document, [...placeOf(scope), field], undefined);
  for (let depth = 4; depth > 2; depth--) {
    const path = placeOf(scope).slice(0, depth);
    if (Object.keys(mapAt(after, path)).length === 0) after = write(after, path, undefined);
  }
  return after;
}

export const differs = (document: Json, scope: Scope, field: string): boolean =>
  scope.variant !== "" && field in mapAt(document, placeOf(scope));

export function setForm(document: Json, scope: Scope, form: Json | undefined): Json {
  if (!scope.variant) {
    const after = write(document, baseOf(scope), form);
    return variantsOf(after).reduce(
      (all, variant) => (form ? all : write(all, ["variants", variant, scope.locale, scope.channel], undefined)),
      after,
    );
  }
  return write(document, placeOf(scope), form ?? null);
}

export const addLocale = (document: Json, locale: string, from?: string): Json =>
  write(document, ["locales", locale], from ? structuredClone(mapAt(document, ["locales", from])) : {});

export function dropLocale(document: Json, locale: string): Json {
  const after = write(document, ["locales", locale], undefined);
  return variantsOf(after).reduce((all, variant) => write(all, ["variants", variant, locale], undefined), after);
}

const LETTERS = "bcdefghijklmnopqrstu";
export function addVariant(document: Json): [Json, string] {
  const name = [...LETTERS].find((letter) => !variantsOf(document).includes(letter)) ?? "b";
  return [write(document, ["variants", name], {}), name];
}

export function dropVariant(document: Json, variant: string): Json {
  const after = write(document, ["variants", variant], undefined);
  return Object.keys(mapAt(after, ["variants"])).length ? after : write(after, ["variants"], undefined);
}

// Blocks are known by number, so that what is typed in stays where it is while they move.
const numbers = new WeakMap<Block, number>();
let last = 0;
export function numberOf(block: Block): number {
  let number = numbers.get(block);
  if (number === undefined) {
    last += 1;
    number = last;
    numbers.set(block, number);
  }
  return number;
}

export function withField(block: Block, field: string, value: string): Block {
  const after: Block = { ...block, [field]: value };
  numbers.set(after, numberOf(block));
  return after;
}

export function moved<T>(list: T[], from: number, to: number): T[] {
  const after = [...list];
  const [one] = after.splice(from, 1);
  if (one !== undefined) after.splice(to, 0, one);
  return after;
}

/** `locales.en.email.blocks[2].url` as steps. */
export const stepsOf = (at: string): Step[] =>
  at.split(".").flatMap((part) => {
    const [name = "", ...indices] = part.split("[");
    return [name, ...indices.map((index) => Number.parseInt(index, 10))];
  });

/** Where in the composer a place of the document is shown: the scope, and the rest within its form. */
export function shownAt(at: string): { scope?: Scope; within: string } {
  const [kind, ...rest] = at.split(".");
  const [variant, locale, channel, ...within] = kind === "variants" ? rest : ["", ...rest];
  const known = kind === "variants" || kind === "locales";
  if (!known || !locale || !channel) return { within: at };
  return { scope: { variant: variant ?? "", locale, channel }, within: within.join(".") };
}

export const prefixesOf = (scope: Scope): string[] => {
  const base = `locales.${scope.locale}.${scope.channel}`;
  return scope.variant ? [`variants.${scope.variant}.${scope.locale}.${scope.channel}`, base] : [base];
};
