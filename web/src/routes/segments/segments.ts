import { queryOptions } from "@tanstack/react-query";
import { type Answer, api, ask } from "@/lib/api";
import { say } from "@/lib/i18n";

export type SegmentLine = Answer<"/api/v1/segments/overview", "get">["segments"][number];
export type SegmentPage = Answer<"/api/v1/segments/{segment}", "get">;
export type Version = Answer<"/api/v1/segments/{segment}/versions", "get">["versions"][number];
export type Preview = Answer<"/api/v1/segments/preview", "post">;
export type Caution = Preview["warnings"][number];
export type Explanation = Answer<"/api/v1/segments/{segment}/explain/{who}", "get">;
export type Preset = Answer<"/api/v1/segments/presets", "get">["presets"][number];
export type PersonRow = Answer<"/api/v1/people", "get">["people"][number];

/** What the server says that a rule may be made of. */
export type Fields = Answer<"/api/v1/segments/fields", "get">;
export type LeafForm = Fields["leaves"][number];
export type Slot = LeafForm["slots"][number];
export type Operator = Fields["operators"][number];
export type Measure = Fields["measures"][number];
export type Name = Fields["known"]["traits"][number];

/** The live topic of a segment. */
export type Numbers = {
  state: string;
  size: number;
  entered_today: number;
  left_today: number;
  build: { phase?: string; done?: number; steps?: number };
};

export const overviewQuery = queryOptions({
  queryKey: ["segments", "overview"],
  queryFn: () => ask(api.GET("/api/v1/segments/overview")),
});

export const fieldsQuery = queryOptions({
  queryKey: ["segments", "fields"],
  queryFn: () => ask(api.GET("/api/v1/segments/fields")),
  staleTime: 300_000,
});

export const segmentQuery = (segment: string) =>
  queryOptions({
    queryKey: ["segments", "one", segment],
    queryFn: () => ask(api.GET("/api/v1/segments/{segment}", { params: { path: { segment } } })),
  });

export const versionsQuery = (segment: string) =>
  queryOptions({
    queryKey: ["segments", "versions", segment],
    queryFn: () => ask(api.GET("/api/v1/segments/{segment}/versions", { params: { path: { segment } } })),
  });

export const laddersQuery = queryOptions({
  queryKey: ["segments", "ladders"],
  queryFn: () => ask(api.GET("/api/v1/ladders")),
});

export const campaignsQuery = queryOptions({
  queryKey: ["campaigns", "names"],
  queryFn: () => ask(api.GET("/api/v1/campaigns", { params: { query: { limit: 100 } } })),
  staleTime: 60_000,
});

export const presetsQuery = queryOptions({
  queryKey: ["segments", "presets"],
  queryFn: () => ask(api.GET("/api/v1/segments/presets")),
  staleTime: Number.POSITIVE_INFINITY,
});

/** `live`, `draft`, `building`, `archived`; while a live one is built anew it is `building` too. */
export const stateOf = (one: { state: string; build?: unknown }): string =>
  one.state === "live" && one.build ? "building" : one.state;

export const toneOf = (state: string) =>
  state === "live" ? "good" : state === "building" ? "live" : state === "draft" ? "warn" : "calm";

export const stateName = (state: string): string => say(`segments.state.${state}`, state);
export const kindOf = (one: { kind: string; stage_of?: string | null }): string => (one.stage_of ? "stage" : one.kind);
export const kindName = (kind: string): string => say(`segments.kind.${kind}`, kind);

/** What a server's warning means here; its own sentence where we have no words for it. */
export const caution = (one: Caution): string => say(`segments.caution.${one.code}`, one.message);
