import { queryOptions } from "@tanstack/react-query";
import { api, ask } from "@/lib/api";
import { say } from "@/lib/i18n";
import type { components, paths } from "@/lib/schema";

type Schemas = components["schemas"];
type Got<P extends keyof paths> = paths[P] extends {
  get: { responses: { 200: { content: { "application/json": infer T } } } };
}
  ? T
  : never;

export type SegmentLine = Schemas["SegmentLine"];
export type SegmentPage = Schemas["SegmentPage"];
export type Version = Got<"/api/v1/segments/{segment}/versions">["versions"][number];
export type Preview = Schemas["PreviewView"];
export type Caution = Schemas["Caution"];
export type Explanation = Got<"/api/v1/segments/{segment}/explain/{who}">;
export type Preset = Got<"/api/v1/segments/presets">["presets"][number];
export type PersonRow = Schemas["PersonRow"];

/** What the server says that a rule may be made of. */
export type Fields = Got<"/api/v1/segments/fields">;
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
