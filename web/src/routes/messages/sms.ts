import type { components } from "@/lib/schema";

export type SmsShown = components["schemas"]["SmsShown"];
export type Piece = { text: string; costs?: "wide" | "double"; instead?: string | null };

/** The text cut where a character costs: `wide` makes all of it UCS-2, `double` takes two places of GSM-7. */
export function piecesOf(sms: Pick<SmsShown, "text" | "unusual" | "encoding">, extension: string): Piece[] {
  const pieces: Piece[] = [];
  const odd = new Map(sms.unusual.map((one) => [one.at, one]));
  const doubled = new Set(sms.encoding === "GSM-7" ? extension : "");
  let at = 0;
  for (const character of sms.text) {
    const found = odd.get(at);
    at += character.length;
    if (found) pieces.push({ text: character, costs: "wide", instead: found.instead });
    else if (doubled.has(character)) pieces.push({ text: character, costs: "double" });
    else {
      const before = pieces.at(-1);
      if (before && !before.costs) before.text += character;
      else pieces.push({ text: character });
    }
  }
  return pieces;
}

/** The written text with plain characters in place of costly ones; what stands in Liquid is left alone. */
export function plain(written: string, sms: Pick<SmsShown, "unusual">): string {
  const instead = new Map(sms.unusual.map((one) => [one.character, one.instead]));
  return written
    .split(/({{.*?}}|{%.*?%})/s)
    .map((part, n) => (n % 2 ? part : [...part].map((character) => instead.get(character) ?? character).join("")))
    .join("");
}
