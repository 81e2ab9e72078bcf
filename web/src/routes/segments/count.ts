import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { api, ask, Problem } from "@/lib/api";
import { type Known, missing } from "./known";
import { type Rule, read } from "./tree";

const ESTIMATE_MS = 250;
const EXACT_MS = 900;

/** Whether something is still to be filled in: then the server is not asked yet. */
export function isWhole(known: Known, root: Rule): boolean {
  const node = read(root, "rule");
  if (!node.group) return missing(known, node.rule).length === 0;
  return node.parts.length > 0 && node.parts.every((part) => isWhole(known, part));
}

function useLater<T>(value: T, ms: number): T {
  const [late, setLate] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setLate(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return late;
}

function usePreview(text: string | undefined, estimate: boolean) {
  return useQuery({
    queryKey: ["segments", "preview", text, estimate],
    queryFn: ({ signal }) =>
      ask(api.POST("/api/v1/segments/preview", { body: { rule: JSON.parse(text ?? "{}"), estimate }, signal })),
    enabled: text !== undefined,
    placeholderData: keepPreviousData,
    staleTime: 30_000,
    gcTime: 60_000,
    retry: false,
  });
}

const problemIn = (error: unknown): Problem | undefined => (error instanceof Problem ? error : undefined);

/** How many it is: an estimate while one types, then the count. `stale`: it is of the rule before. */
export function useCount(root: Rule, whole: boolean) {
  const text = whole ? JSON.stringify(root) : undefined;
  const soon = useLater(text, ESTIMATE_MS);
  const later = useLater(text, EXACT_MS);
  const quick = usePreview(soon, true);
  const exact = usePreview(later, false);
  const settled = text === later && !exact.isPlaceholderData && exact.data !== undefined && !exact.error;
  const data = settled ? exact.data : (quick.data ?? exact.data);
  const fresh = settled || (text === soon && !quick.isPlaceholderData && quick.data !== undefined);
  const problem = text === undefined || text !== soon ? undefined : (problemIn(exact.error) ?? problemIn(quick.error));
  return { data, settled, stale: !fresh || text === undefined, problem };
}
