import { useSyncExternalStore } from "react";

/** What was changed and not saved yet, by setting. It outlives the page: who looks something up elsewhere finds it
 *  again. `reset`: back to the default. */
export type Edit = { value: unknown; reset: boolean };
export type Edits = Record<string, Edit>;

let edits: Edits = {};
const heard = new Set<() => void>();

function become(next: Edits): void {
  const before = Object.keys(edits).length;
  edits = next;
  const now = Object.keys(next).length;
  if (!before && now) addEventListener("beforeunload", ask);
  if (before && !now) removeEventListener("beforeunload", ask);
  for (const hear of heard) hear();
}

const ask = (event: BeforeUnloadEvent): void => event.preventDefault();
const listen = (hear: () => void) => {
  heard.add(hear);
  return () => heard.delete(hear);
};

export const useEdits = (): Edits => useSyncExternalStore(listen, () => edits);

export function edit(name: string, next: Edit): void {
  become({ ...edits, [name]: next });
}

export function drop(names: string[]): void {
  become(Object.fromEntries(Object.entries(edits).filter(([name]) => !names.includes(name))));
}

export const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);
