export type Piece = { text: string; is: "same" | "new" | "old" };

/** Words and what lies between them. */
const pieces = (text: string): string[] => text.match(/"(?:[^"\\]|\\.)*"|\s+|[^\s"]+/g) ?? [];

/** What became of a text, word by word: the longest common way through both. */
export function diff(before: string, after: string): Piece[] {
  const [a, b] = [pieces(before), pieces(after)];
  const long: number[][] = Array.from({ length: a.length + 1 }, () => new Array<number>(b.length + 1).fill(0));
  const at = (n: number, m: number): number => long[n]?.[m] ?? 0;
  for (let n = a.length - 1; n >= 0; n--)
    for (let m = b.length - 1; m >= 0; m--) {
      const row = long[n];
      if (row) row[m] = a[n] === b[m] ? at(n + 1, m + 1) + 1 : Math.max(at(n + 1, m), at(n, m + 1));
    }
  const found: Piece[] = [];
  const add = (text: string | undefined, is: Piece["is"]) => {
    const last = found.at(-1);
    if (last?.is === is) last.text += text ?? "";
    else found.push({ text: text ?? "", is });
  };
  let [n, m] = [0, 0];
  while (n < a.length || m < b.length) {
    if (n < a.length && m < b.length && a[n] === b[m]) {
      add(a[n++], "same");
      m++;
    } else if (n < a.length && (m >= b.length || at(n + 1, m) >= at(n, m + 1))) add(a[n++], "old");
    else add(b[m++], "new");
  }
  return found;
}
