import { queryOptions } from "@tanstack/react-query";
import { type Answer, api, ask } from "@/lib/api";
import { now } from "@/lib/company";
import { day } from "@/lib/format";
import { locale, say, t } from "@/lib/i18n";

export type PersonPage = Answer<"/api/v1/people/{who}/page", "get">;
export type Address = PersonPage["addresses"][number];
export type Cell = PersonPage["grid"][number];
export type Trait = PersonPage["traits"][number];
export type InSegment = PersonPage["segments"][number];
export type Known = PersonPage["identifiers"][number];
export type PersonRow = Answer<"/api/v1/people", "get">["people"][number];
export type Identifier = NonNullable<PersonRow["identifier"]>;
export type Entry = Answer<"/api/v1/people/{who}/timeline", "get">["entries"][number];
export type MergePreview = Answer<"/api/v1/people/{who}/merge-preview", "post">;

/** The page of a person: everything but the timeline. What changes a person asks for it anew. */
export const personQuery = (who: string) =>
  queryOptions({
    queryKey: ["person", who],
    queryFn: () => ask(api.GET("/api/v1/people/{who}/page", { params: { path: { who } } })),
  });

export const segmentsQuery = queryOptions({
  queryKey: ["segments"],
  queryFn: () => ask(api.GET("/api/v1/segments")),
});

/** In the address in place of a segment: who is no more than a device too. */
export const EVERYBODY = "everybody";

export const whose = (chosen: string): { segment: string; known: boolean } =>
  chosen === EVERYBODY ? { segment: "", known: false } : { segment: chosen, known: !chosen };

/** What somebody is called: by name, else by what they are known by. */
export function nameOf(one: { name: string; identifiers: Identifier[] }, fallback: string): string {
  return one.name || one.identifiers[0]?.value || fallback;
}

const regions = new Intl.DisplayNames(locale, { type: "region" });

export function country(code: string): string {
  try {
    return code ? (regions.of(code) ?? code) : "";
  } catch {
    return code;
  }
}

/** `external_id@crm` as "Customer number (crm)". */
export function kindName(kind: string): string {
  const [base = kind, scope] = kind.split("@");
  const name = say(`people.kind.${base}`, base);
  return scope ? `${name} (${scope})` : name;
}

/** Who wrote something down: `staff:12`, `key:3`, a file, a form. */
export function sourceName(source: string): string {
  const [what = "", which = ""] = source.split(":");
  return say(`people.source.${what}`, source, { which });
}

/** A value of a trait or property as people read it. */
export function shown(value: unknown): string {
  if (value === null || value === undefined) return "–";
  if (typeof value === "boolean") return say(value ? "people.yes" : "people.no", String(value));
  return typeof value === "string" ? value : JSON.stringify(value);
}

const inDays = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });

/** What is known to the day: "today", "3 days ago", a date. */
export function onDay(at: string | null): string {
  if (!at) return "–";
  const days = Math.floor((now() - Date.parse(at)) / 86_400_000);
  if (days <= 0) return t("people.today").toLocaleLowerCase(locale);
  return days < 30 ? inDays.format(-days, "day") : day(at);
}
