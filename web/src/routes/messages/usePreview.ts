import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { api, ask } from "@/lib/api";
import type { components } from "@/lib/schema";
import { type Json, localesOf, type Scope, variantsOf } from "./document";

export type Shown = components["schemas"]["Shown"];
const PAUSE_MS = 200;

/** What is typed settles first, so that not every letter is asked about. */
function useSettled<T>(value: T): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}

/** The message on every channel, as that person would get it; what was shown before stays until the new is there. */
export function usePreview(now: Json, scope: Scope, who: string) {
  const document = useSettled(now);
  const variant = variantsOf(document).includes(scope.variant) ? scope.variant : "";
  const locale = localesOf(document).includes(scope.locale) ? scope.locale : "";
  const query = useQuery({
    queryKey: ["message-preview", document, locale, variant, who],
    queryFn: () =>
      ask(
        api.POST("/api/v1/messages/preview", {
          body: { message: document, as: who || { sample: true }, locale, variant },
        }),
      ),
    placeholderData: keepPreviousData,
    gcTime: 10_000,
    staleTime: 60_000,
  });
  return {
    shown: query.data,
    error: query.error,
    refetch: query.refetch,
    stale: query.isPlaceholderData || document !== now,
  };
}
