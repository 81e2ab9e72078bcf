import { useSyncExternalStore } from "react";

/** What the server says once and formats need everywhere: the company's currency, and product time in the sandbox. */
type Told = { currency?: string; product_time?: { now: string; held: boolean } | null };

const MINUTE_MS = 60_000;
const heard = new Set<() => void>();
let money: string | undefined;
let heldAt: number | undefined;
let aheadMs = 0;
let minute = 0;

/** ISO 4217; undefined before anybody is signed in. */
export const currency = (): string | undefined => money;

/** Product time in milliseconds: this browser's clock, except in the sandbox, where it may be held, or ahead. */
export const now = (): number => heldAt ?? Date.now() + aheadMs;

export function heed(told: Told): void {
  money = told.currency;
  const time = told.product_time;
  moved(time?.held ? time.now : null, time ? (Date.parse(time.now) - Date.now()) / 1_000 : 0);
}

/** The clock was held at a time, or runs on `offset` seconds ahead of this one. */
export function moved(held: string | null, offset: number | null): void {
  heldAt = held === null ? undefined : Date.parse(held);
  aheadMs = (offset ?? 0) * 1_000;
  told();
}

function told(): void {
  minute += 1;
  for (const hear of heard) hear();
}

/** Drawn anew each minute, and when the clock was moved: for words such as "3 minutes ago". */
export function useMinute(): void {
  useSyncExternalStore(listen, () => minute);
}

let timer: ReturnType<typeof setInterval> | undefined;

function listen(hear: () => void): () => void {
  heard.add(hear);
  timer ??= setInterval(told, MINUTE_MS);
  return () => {
    heard.delete(hear);
    if (heard.size) return;
    clearInterval(timer);
    timer = undefined;
  };
}
