import type { paths } from "@/lib/schema";
import type { Tone } from "@/ui/Mark";

/** What the API answers to a GET of this path. */
type Got<P extends keyof paths> = paths[P] extends {
  get: { responses: { 200: { content: { "application/json": infer A } } } };
}
  ? A
  : never;
type Posted<P extends keyof paths> = paths[P] extends {
  post: { responses: { 200: { content: { "application/json": infer A } } } };
}
  ? A
  : never;

export type Line = Got<"/api/v1/campaigns">["campaigns"][number];
export type View = Got<"/api/v1/campaigns/{campaign}">;
export type Figures = Got<"/api/v1/campaigns/{campaign}/figures">;
export type Row = Figures["rows"][number];
export type Rate = Row["rates"]["clicked"];
export type Series = Got<"/api/v1/campaigns/{campaign}/series">;
export type Failover = Got<"/api/v1/campaigns/{campaign}/failovers">["failovers"][number];
export type Recipient = Got<"/api/v1/campaigns/{campaign}/recipients">["recipients"][number];
export type Step = Got<"/api/v1/campaigns/{campaign}/timeline">["steps"][number];
export type DryRun = Posted<"/api/v1/campaigns/{campaign}/dry-run">;
export type Part = DryRun["channels"][number];
export type ShiftPreview = Posted<"/api/v1/campaigns/{campaign}/shift/preview">;

/** The live topic `campaign:ID`. */
export type LiveCampaign = {
  state: string;
  stage: string;
  n: Record<string, number>;
  cost: number;
  recall_until: string | null;
  undo_shift_until: string | null;
  failovers: Failover[];
};

export const STATES = ["draft", "running", "pilot_done", "paused", "done", "cancelled"] as const;
export const TONES: Record<string, Tone> = {
  draft: "calm",
  running: "live",
  pilot_done: "warn",
  paused: "warn",
  done: "good",
  cancelled: "calm",
};

/** Where a campaign is worked on: a draft is planned, any other is watched. */
export const placeOf = (one: { id: string; state: string }): string =>
  one.state === "draft" ? `/campaigns/${one.id}/plan` : `/campaigns/${one.id}`;

export const keyOf = (campaign: string): [string, string] => ["campaigns", campaign];
