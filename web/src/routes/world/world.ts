import type { components } from "@/lib/schema";

type Schemas = components["schemas"];
export type Switch = Schemas["Switch"];

/** The live topic `sandbox`. `now` while the clock is held, `offset_s` while it runs. */
export type LiveSandbox = {
  held: boolean;
  now: string | null;
  offset_s: number | null;
  due: number;
  faults: string[] | null;
  counts: Record<string, number> | null;
};

export type LiveProvider = { name: string; channel: string; state: string };

const KINDS: Record<string, string> = { smtp: "email", mail: "email", smpp: "sms", push: "push" };

/** What the world calls `smtp:1` is the second account of that kind; push has one. */
export function accountAt(at: string, providers: { id: string; adapter: string; name: string }[]): string | undefined {
  const [kind = "", nth = "0"] = at.split(":");
  const adapter = kind === "push" ? "webpush" : kind;
  const found = providers.filter((one) => one.adapter === adapter).sort((a, b) => Number(a.id) - Number(b.id));
  return found[Number(nth)]?.name;
}

export const channelAt = (at: string): string => KINDS[at.split(":")[0] ?? ""] ?? "email";
