import { useSyncExternalStore } from "react";
import { sentence } from "@/lib/say";

/** What was just done or just failed, shown at the edge of the page by the shell for a short time. */
export type Toast = { id: number; message: string; bad: boolean; ms: number; undo?: () => unknown };

const MOST = 3;
const UNDO_MS = 10_000;
let toasts: Toast[] = [];
let last = 0;
const heard = new Set<() => void>();

function become(next: Toast[]): void {
  toasts = next;
  for (const hear of heard) hear();
}

function show(toast: Omit<Toast, "id">): void {
  last += 1;
  become([...toasts.slice(1 - MOST), { ...toast, id: last }]);
}

/** It is done already; for ten seconds it can be taken back. */
export function done(message: string, undo?: () => unknown): void {
  show({ message, bad: false, ms: undo ? UNDO_MS : 4_000, undo });
}

/** Something that was begun here could not be done. */
export function failed(error: unknown): void {
  show({ message: sentence(error), bad: true, ms: UNDO_MS });
}

export const dismiss = (id: number): void => become(toasts.filter((one) => one.id !== id));

export function useToasts(): Toast[] {
  return useSyncExternalStore(
    (hear) => {
      heard.add(hear);
      return () => heard.delete(hear);
    },
    () => toasts,
  );
}
