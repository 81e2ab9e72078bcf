import { useQuery } from "@tanstack/react-query";
import { api, ask, type Flaw, Problem } from "@/lib/api";
import { say, t } from "@/lib/i18n";
import { useLive } from "@/lib/live";
import type { components, paths } from "@/lib/schema";
import type { Tone } from "@/ui/Mark";
import type { Schema } from "@/ui/SchemaForm";
import { spoken } from "../spoken";

export type Account = paths["/api/v1/providers"]["get"]["responses"]["200"]["content"]["application/json"][number];
export type Detail = components["schemas"]["ProviderDetail"];
export type Adapter = components["schemas"]["AdapterView"];
export type Tried = paths["/api/v1/providers/check"]["post"]["responses"]["200"]["content"]["application/json"];

/** The live topics `providers` and `provider:ID`. */
export type LiveAccount = {
  state: string;
  health: number;
  failures: number;
  reason: string;
  paused_until: string | null;
  per_second: number | null;
};

export const ACCOUNTS = ["providers"];
export const CHANNELS = ["email", "sms", "push", "chat", "voice"];

/** Standing and errors are counted by the minute; the state comes live. */
export function useAccounts() {
  const live = useLive<{ providers: Record<string, LiveAccount> }>("providers");
  const query = useQuery({
    queryKey: ACCOUNTS,
    queryFn: () => ask(api.GET("/api/v1/providers")),
    refetchInterval: 10_000,
  });
  return { query, live: live?.providers };
}

export const useAdapters = () =>
  useQuery({ queryKey: ["adapters"], queryFn: () => ask(api.GET("/api/v1/adapters")), staleTime: 600_000 });

export const adapterTitle = (adapter: Adapter): string => say(adapter.title_key, adapter.title);
export const adapterAbout = (adapter: Adapter): string => say(adapter.about_key, adapter.about);
export const adapterSchema = (adapter: Adapter): Schema =>
  spoken(adapter.schema, [`adapter.${adapter.name}`, "adapter-field"]);

export function stateOf(account: Account, live: LiveAccount | undefined): string {
  if (live) return live.state;
  if (!account.enabled) return "off";
  if (!account.up) return "down";
  return account.failures ? "probing" : "up";
}

export const TONES: Record<string, Tone> = { up: "good", unwell: "warn", probing: "warn", down: "bad", off: "calm" };

export const errorsOf = (account: Account): number =>
  Object.values(account.standing?.errors ?? {}).reduce((sum, n) => sum + n, 0);

/** What must be said and was not, before the server is asked: at its field. */
export function missing(schema: Schema, value: Record<string, unknown>, kept: string[]): Flaw[] {
  return (schema.required ?? [])
    .filter((name) => isBlank(value[name]) && !kept.includes(name) && isBlank(schema.properties?.[name]?.default))
    .map((name) => ({ at: `settings.${name}`, message: t("provider.needed") }));
}

const isBlank = (value: unknown): boolean =>
  value === undefined || value === null || value === "" || (Array.isArray(value) && !value.length);

export const refusedBy = (errors: Flaw[]): Problem => new Problem(400, "invalid", t("provider.check.failed"), errors);
