import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback } from "react";

/** A piece of the page's state that lives in its address (`?tab=rules`): it survives a reload and can be sent to others.
 *  The fallback is not written. Numbers and booleans stay what they are. */
export function useUrlState<T extends string | number | boolean | string[]>(
  name: string,
  fallback: T,
): [T, (next: T) => void] {
  const search = useSearch({ strict: false }) as Record<string, unknown>;
  const navigate = useNavigate();
  const value = typeof search[name] === typeof fallback ? (search[name] as T) : fallback;
  const set = useCallback(
    (next: T) =>
      void navigate({
        to: ".",
        replace: true,
        resetScroll: false,
        search: ((before: Record<string, unknown>) => ({
          ...before,
          [name]: next === fallback ? undefined : next,
        })) as never,
      }),
    [navigate, name, fallback],
  );
  return [value, set];
}
