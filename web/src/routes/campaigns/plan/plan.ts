import type { Flaw } from "@/lib/api";
import type { components } from "@/lib/schema";
import type { View } from "../campaign";

type Asked = components["schemas"]["NewCampaign"];
export type Limits = { complaints: number | null; bounces: number | null; opt_outs: number | null };

/** What is edited. Message, segments and what is followed go by name; hours and shares are numbers, null: not said. */
export type Plan = {
  name: string;
  message: string;
  segment: string;
  channels: string[];
  exclude: string[];
  follow: { campaign: string; unless: "delivered" | "opened" | "clicked" } | null;
  failover_on: "definite" | "silence";
  pilot: number | null;
  start: "now" | "at" | "local" | "best";
  /** RFC 3339. */
  launch_at: string | null;
  /** `2026-12-01T09:00`, where each person lives. */
  local: string | null;
  within_h: number;
  per_minute: number | null;
  expires_h: number | null;
  budget: number | null;
  cost_max: number | null;
  priority: number;
  limits: Limits;
  recall_s: number;
};

export const RECALL_S = 60;
export const NO_LIMITS: Limits = { complaints: null, bounces: null, opt_outs: null };
export const NEW: Plan = {
  name: "",
  message: "",
  segment: "",
  channels: [],
  exclude: [],
  follow: null,
  failover_on: "definite",
  pilot: null,
  start: "now",
  launch_at: null,
  local: null,
  within_h: 24,
  per_minute: null,
  expires_h: null,
  budget: null,
  cost_max: null,
  priority: 0,
  limits: NO_LIMITS,
  recall_s: RECALL_S,
};

export function planOf(view: View): Plan {
  const { send_at } = view;
  const limit = (name: string) => view.stop_above?.[name] ?? null;
  return {
    name: view.name,
    message: view.message,
    segment: view.segment,
    channels: view.channels,
    exclude: view.exclude ?? [],
    follow: view.follow ?? null,
    failover_on: view.failover_on,
    pilot: view.pilot?.share ?? null,
    start: send_at?.best_hour ? "best" : send_at?.local ? "local" : view.launch_at ? "at" : "now",
    launch_at: view.launch_at ?? null,
    local: send_at?.local?.slice(0, 16) ?? null,
    within_h: hoursOf(send_at?.within) ?? 24,
    per_minute: view.throttle?.per_minute ?? null,
    expires_h: hoursOf(view.expires_in),
    budget: view.budget?.amount ?? null,
    cost_max: view.cost_max ?? null,
    priority: view.priority,
    limits: { complaints: limit("complaints"), bounces: limit("bounces"), opt_outs: limit("opt_outs") },
    recall_s: view.recall_s ?? RECALL_S,
  };
}

const UNITS_S: Record<string, number> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** `"129600s"`, `"36h"` → 36. */
export function hoursOf(duration: string | null | undefined): number | null {
  const found = /^(\d+)([smhd])$/.exec(duration ?? "");
  const unit = UNITS_S[found?.[2] ?? ""];
  return found && unit ? (Number(found[1]) * unit) / 3_600 : null;
}

const seconds = (hours: number): string => `${Math.round(hours * 3_600)}s`;

/** What the API is asked for. */
export function askedOf(plan: Plan): Asked {
  const limits = Object.fromEntries(Object.entries(plan.limits).filter(([, value]) => value !== null));
  return {
    name: plan.name,
    message: plan.message,
    segment: plan.segment,
    channels: plan.channels,
    exclude: plan.exclude,
    follow: plan.follow,
    failover_on: plan.failover_on,
    pilot: plan.pilot === null ? null : { share: plan.pilot },
    launch_at: plan.start === "at" || plan.start === "best" ? plan.launch_at : null,
    send_at: sendAtOf(plan),
    throttle: plan.per_minute === null ? null : { per_minute: plan.per_minute },
    expires_in: plan.expires_h === null ? null : seconds(plan.expires_h),
    budget: plan.budget,
    cost_max: plan.cost_max,
    priority: plan.priority,
    stop_above: Object.keys(limits).length ? limits : null,
    recall_s: plan.recall_s,
  };
}

function sendAtOf(plan: Plan): Asked["send_at"] {
  if (plan.start === "local" && plan.local) return { local: plan.local, best_hour: false };
  if (plan.start === "best") return { best_hour: true, within: seconds(plan.within_h) };
  return null;
}

/** What is to be another: fields whose value is no longer the same. */
export function changed(before: Asked, after: Asked): Partial<Asked> {
  const old: Record<string, unknown> = { ...before };
  return Object.fromEntries(
    Object.entries(after).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(old[name])),
  );
}

/** The least that the server keeps as a draft. */
export const isWhole = (plan: Plan): boolean => plan.message !== "" && plan.segment !== "" && plan.channels.length > 0;

export const STEPS = ["audience", "message", "channels", "pilot", "schedule", "limits", "review"] as const;
export type StepName = (typeof STEPS)[number];

const PLACES: Record<string, StepName> = {
  name: "audience",
  segment: "audience",
  exclude: "audience",
  follow: "audience",
  message: "message",
  channels: "channels",
  failover_on: "channels",
  pilot: "pilot",
  launch_at: "schedule",
  send_at: "schedule",
  throttle: "schedule",
  expires_in: "schedule",
};

/** On which step a flaw can be mended. */
export const stepOf = (flaw: Flaw): StepName => PLACES[flaw.at.split(/[.[]/)[0] ?? ""] ?? "limits";

/** What is still to be said there. */
export function isOpen(plan: Plan, step: StepName): boolean {
  if (step === "audience") return !plan.segment;
  if (step === "message") return !plan.message;
  if (step === "channels") return !plan.channels.length;
  if (step === "schedule") return (plan.start === "at" && !plan.launch_at) || (plan.start === "local" && !plan.local);
  return false;
}

/** A time for `<input type="datetime-local">`, in the zone of this browser. */
export function localOf(at: string | Date): string {
  const date = new Date(at);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** What a field of a number holds: nothing, or a number. */
export const numberOr = (value: string | number): number | null =>
  value === "" || !Number.isFinite(Number(value)) ? null : Number(value);
