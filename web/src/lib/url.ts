import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useRef } from "react";

type Piece<T> = [T, (next: T) => void];
type Kept = string | number | boolean | string[];

/** A piece of the page's state that lives in its address (`?tab=rules`): it survives a reload and can be sent to others.
 *  The fallback is not written. Numbers, booleans and lists stay what they are. One of a few words:
 *  `useUrlState<"rules" | "people">("tab", "rules")`. */
export function useUrlState(name: string, fallback: string): Piece<string>;
export function useUrlState(name: string, fallback: number): Piece<number>;
export function useUrlState(name: string, fallback: boolean): Piece<boolean>;
export function useUrlState(name: string, fallback: string[]): Piece<string[]>;
export function useUrlState<T extends Kept>(name: string, fallback: T): Piece<T>;
export function useUrlState<T extends Kept>(name: string, fallback: T): Piece<T> {
  const search = useSearch({ strict: false }) as Record<string, unknown>;
  const navigate = useNavigate();
  const held = useRef(fallback);
  held.current = fallback;
  const found = search[name];
  const fits = typeof found === typeof fallback && Array.isArray(found) === Array.isArray(fallback);
  const set = useCallback(
    (next: T) =>
      void navigate({
        to: ".",
        replace: true,
        resetScroll: false,
        search: ((before: Record<string, unknown>) => ({
          ...before,
          [name]: JSON.stringify(next) === JSON.stringify(held.current) ? undefined : next,
        })) as never,
      }),
    [navigate, name],
  );
  return [fits ? (found as T) : fallback, set];
}
