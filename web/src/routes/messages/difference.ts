import { type Block, isMap, type Json, same } from "./document";

export type Difference = { at: string; before?: string; after?: string };

/** What differs between two messages, place by place, as it stands in them. */
export function differences(before: Json | null, after: Json): Difference[] {
  const { name: _old, ...old } = before ?? {};
  const { name: _now, ...now } = after;
  return compare(old, now, "");
}

function compare(a: unknown, b: unknown, at: string): Difference[] {
  if (same(a, b)) return [];
  if (Array.isArray(a) || Array.isArray(b)) return lists(Array.isArray(a) ? a : [], Array.isArray(b) ? b : [], at);
  if (isMap(a) || isMap(b)) {
    const [old, now] = [isMap(a) ? a : {}, isMap(b) ? b : {}];
    const keys = [...new Set([...Object.keys(old), ...Object.keys(now)])];
    return keys.flatMap((key) => compare(old[key], now[key], at ? `${at}.${key}` : key));
  }
  return [{ at, before: said(a), after: said(b) }];
}

/** What stayed is found first (longest common run), so that a block put between others is one difference. */
function lists(a: unknown[], b: unknown[], at: string): Difference[] {
  const kept = common(a, b);
  const found: Difference[] = [];
  let [i, j] = [0, 0];
  for (const [nextA, nextB] of [...kept, [a.length, b.length] as const]) {
    while (i < nextA || j < nextB) {
      const [old, now] = [i < nextA ? a[i] : undefined, j < nextB ? b[j] : undefined];
      const place = `${at}[${j < nextB ? j : i}]`;
      if (isMap(old) && isMap(now) && old.kind === now.kind) found.push(...compare(old, now, place));
      else found.push({ at: place, before: said(old), after: said(now) });
      if (i < nextA) i++;
      if (j < nextB) j++;
    }
    [i, j] = [nextA + 1, nextB + 1];
  }
  return found;
}

function common(a: unknown[], b: unknown[]): (readonly [number, number])[] {
  const [left, right] = [a.map((one) => JSON.stringify(one)), b.map((one) => JSON.stringify(one))];
  const best = Array.from({ length: a.length + 1 }, () => new Array<number>(b.length + 1).fill(0));
  const length = (i: number, j: number): number => best[i]?.[j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--) {
      const row = best[i];
      if (row) row[j] = left[i] === right[j] ? length(i + 1, j + 1) + 1 : Math.max(length(i + 1, j), length(i, j + 1));
    }
  const pairs: (readonly [number, number])[] = [];
  let [i, j] = [0, 0];
  while (i < a.length && j < b.length) {
    if (left[i] === right[j]) pairs.push([i++, j++]);
    else if (length(i + 1, j) >= length(i, j + 1)) i++;
    else j++;
  }
  return pairs;
}

const isBlock = (value: unknown): value is Block => isMap(value) && typeof value.kind === "string";

function said(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "string") return value;
  if (!isBlock(value)) return JSON.stringify(value);
  const { kind, ...fields } = value;
  return Object.values(fields).filter(Boolean).join(" · ") || kind;
}
