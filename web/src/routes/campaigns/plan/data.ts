import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { api, ask, Problem } from "@/lib/api";
import { useMay } from "@/lib/session";
import type { Plan } from "./plan";

const NAMES_MAX = 500;

export const useSegments = () =>
  useQuery({ queryKey: ["plan", "segments"], queryFn: () => ask(api.GET("/api/v1/segments")), staleTime: 60_000 });

export const useMessages = () =>
  useQuery({
    queryKey: ["plan", "messages"],
    queryFn: () => ask(api.GET("/api/v1/messages", { params: { query: { state: "published", limit: NAMES_MAX } } })),
    staleTime: 60_000,
  });

/** How many people it would be, over which channels, and a few of them. */
export function useReach(plan: Pick<Plan, "segment" | "exclude">) {
  const { segment, exclude } = plan;
  const only = { segment };
  const rule = exclude.length ? { all: [only, ...exclude.map((out) => ({ not: { segment: out } }))] } : only;
  return useQuery({
    queryKey: ["plan", "reach", rule],
    queryFn: async () => {
      const look = (estimate: boolean) =>
        ask(api.POST("/api/v1/segments/preview", { body: { rule: { version: 1, rule }, estimate } }));
      try {
        return await look(false);
      } catch (error) {
        if (error instanceof Problem && error.code === "rule_too_slow") return look(true);
        throw error;
      }
    },
    placeholderData: keepPreviousData,
    enabled: segment !== "",
    staleTime: 60_000,
  });
}

export function useMessage(name: string) {
  const all = useMessages();
  return all.data?.messages.find((one) => one.name === name);
}

/** What one message by a channel costs at least, as far as whoever looks may know. */
export function usePrices(): Record<string, number> {
  const may = useMay("providers.read");
  const query = useQuery({
    queryKey: ["plan", "providers"],
    queryFn: () => ask(api.GET("/api/v1/providers")),
    enabled: may,
    staleTime: 60_000,
  });
  const prices: Record<string, number> = {};
  for (const one of query.data ?? [])
    if (one.enabled) prices[one.channel] = Math.min(prices[one.channel] ?? Number.POSITIVE_INFINITY, one.unit_cost);
  return prices;
}
