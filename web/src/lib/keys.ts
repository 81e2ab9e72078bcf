import { useEffect, useRef } from "react";
import { queryClient } from "./query";
import { sessionQuery } from "./session";

/** Keys that work on this screen, for the list under "?". `keys`: "g h" are two after each other, "mod+k" is Ctrl or Cmd. */
export type Shortcut = { keys: string; label: string; run: () => void };

const SECOND_MS = 900;
const stack: { current: Shortcut[] }[] = [];
let pending = "";
let pendingAt = 0;

export const shortcuts = (): Shortcut[] => stack.flatMap((one) => one.current);

export function useShortcuts(list: Shortcut[]): void {
  const held = useRef(list);
  held.current = list;
  useEffect(() => {
    stack.push(held);
    return () => void stack.splice(stack.indexOf(held), 1);
  }, []);
}

// By the letter that is typed (`event.key`), not by its place: keyboards differ. Letters alone can be switched off (WCAG
// 2.1.4), and are never taken from where somebody writes.
addEventListener("keydown", (event) => {
  const mod = event.ctrlKey || event.metaKey;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (event.altKey || event.isComposing || event.defaultPrevented) return;
  const writes =
    event.target instanceof HTMLElement && !!event.target.closest("input, textarea, select, [contenteditable=true]");
  if (!mod && (writes || queryClient.getQueryData(sessionQuery.queryKey)?.wishes?.keys === false)) return;
  const typed = mod ? `mod+${event.shiftKey && key.length === 1 ? "shift+" : ""}${key}` : key;
  const both = Date.now() - pendingAt < SECOND_MS ? `${pending} ${typed}` : "";
  pending = typed;
  pendingAt = Date.now();
  const all = shortcuts().reverse();
  const found = all.find((one) => one.keys === both) ?? all.find((one) => one.keys === typed);
  if (!found) return;
  pending = "";
  event.preventDefault();
  found.run();
});
