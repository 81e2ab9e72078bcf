import { isRule, type Rule, rooted } from "./tree";

/** A segment that is being begun, in this tab alone. */
export const KEPT = "antiphon-new-segment";
export type Begun = { name: string; rule: Rule };

export function kept(): Begun {
  try {
    const found: unknown = JSON.parse(sessionStorage.getItem(KEPT) ?? "{}");
    if (isRule(found)) return { name: typeof found.name === "string" ? found.name : "", rule: rooted(found.rule) };
  } catch {
    // what cannot be read is begun anew
  }
  return { name: "", rule: { all: [] } };
}
