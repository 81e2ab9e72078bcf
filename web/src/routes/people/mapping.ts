import type { Column, Kind } from "./imports";

/** What a column becomes: `email`, `trait`, `ignore` …; `name` is that of a trait. */
export type Choice = { column: string; becomes: string; name: string };
export type Wish = { choices: Choice[]; event: string };
export const IDENTIFIERS = ["external_id", "email", "phone", "anonymous_id", "webpush"] as const;

/** What a column may become, in the order in which it is offered. */
export function offered(kind: Kind): string[] {
  return kind === "people"
    ? [...IDENTIFIERS, "trait", "account", "ignore"]
    : [...IDENTIFIERS, "event", "time", "property", "message_id", "ignore"];
}

type Given = Record<string, unknown> | null | undefined;

/** The columns as the server's map has them. */
export function chosen(columns: Column[], map: Given): Wish {
  const traits = isMap(map?.traits) ? map.traits : {};
  const names = new Map(Object.entries(traits).map(([name, column]) => [String(column), name]));
  const event = isMap(map?.event) ? String(map.event.value ?? "") : "";
  return {
    choices: columns.map((one) => ({
      column: one.name,
      becomes: (one.part === "identifier" ? one.kind : one.part) ?? "ignore",
      name: names.get(one.name) ?? one.name,
    })),
    event,
  };
}

/** The map that says so; `before` keeps what is not asked here: units of time, the country of phone numbers. */
export function mapOf(kind: Kind, wish: Wish, before: Given): Record<string, unknown> {
  const of = (part: string) => wish.choices.find((one) => one.becomes === part)?.column;
  const who = Object.fromEntries(IDENTIFIERS.flatMap((each) => (of(each) ? [[each, of(each)]] : [])));
  const region = before?.default_region ? { default_region: before.default_region } : {};
  const rest = (part: string) => wish.choices.filter((one) => one.becomes === part);
  if (kind === "people") {
    const traits = Object.fromEntries(rest("trait").map((one) => [one.name.trim() || one.column, one.column]));
    const account = of("account") ? { account: of("account") } : {};
    const kept = before?.message_id ? { message_id: before.message_id } : {};
    return { identifiers: who, traits, ...account, ...kept, ...region };
  }
  const time = of("time");
  const same = isMap(before?.time) && before.time.field === time;
  const id = of("message_id") ?? (Array.isArray(before?.message_id) ? before.message_id : undefined);
  return {
    identifier: who,
    event: of("event") ?? { value: wish.event.trim() || "imported" },
    time: same ? before?.time : (time ?? ""),
    properties: rest("property").map((one) => one.column),
    ...(id ? { message_id: id } : {}),
    ...region,
  };
}

export type Lack = "nobody" | "no_time" | "twice";

/** What is missing before it can be tried. */
export function lackOf(kind: Kind, wish: Wish): Lack | undefined {
  const single = wish.choices
    .map((one) => one.becomes)
    .filter((part) => !["trait", "property", "ignore"].includes(part));
  if (new Set(single).size < single.length) return "twice";
  if (!wish.choices.some((one) => IDENTIFIERS.some((each) => each === one.becomes))) return "nobody";
  if (kind === "events" && !wish.choices.some((one) => one.becomes === "time")) return "no_time";
  return undefined;
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
