import { useSearch } from "@tanstack/react-router";
import { useUrlState } from "@/lib/url";

/** A text of the address, also where it looks like a number (`?segment=5`, `?q=0774`). */
export function useUrlText(name: string): [string, (next: string) => void] {
  const search: Record<string, unknown> = useSearch({ strict: false });
  const [, set] = useUrlState(name, "");
  const value = search[name];
  return [typeof value === "string" || typeof value === "number" ? String(value) : "", set];
}
