import type { components } from "@/lib/schema";

type Schemas = components["schemas"];
export type Overview = Schemas["Overview"];
export type Notice = Schemas["Notice"];
export type Line = Overview["going"][number];
export type KeyNumber = Schemas["Number"];

/** The live topic `overview`. */
export type LiveOverview = {
  today: Record<string, number>;
  cost: number;
  going: Record<string, Line>;
  attention: Notice[] | Record<string, Notice>;
  empty: boolean;
};

const PLACES: Record<string, string> = {
  campaign: "/campaigns",
  campaigns: "/campaigns",
  segment: "/segments",
  segments: "/segments",
  message: "/messages",
  messages: "/messages",
  people: "/people",
  provider: "/settings/providers",
  providers: "/settings/providers",
  debugger: "/settings/debugger",
};

/** Where a notice leads. */
export function placeOf(link: Notice["link"]): string {
  const place = PLACES[link.to] ?? "/";
  return link.id ? `${place}/${link.id}` : place;
}
