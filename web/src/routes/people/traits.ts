import type { Trait } from "./people";

export type Type = Trait["type"];
export const TYPES: Type[] = ["text", "number", "boolean", "time", "list", "object"];

export function kindOf(value: unknown): Type {
  if (typeof value === "boolean") return "boolean";
  if (typeof value === "number") return "number";
  if (Array.isArray(value)) return "list";
  return typeof value === "object" && value !== null ? "object" : "text";
}

/** What is written, as a value of that type; undefined where it is none. */
export function read(text: string, type: Type): unknown {
  const trimmed = text.trim();
  if (type === "boolean") return trimmed === "true";
  if (type === "number") {
    const value = Number(trimmed.replace(",", "."));
    return trimmed && Number.isFinite(value) ? value : undefined;
  }
  if (type === "time") return Number.isNaN(Date.parse(trimmed)) ? undefined : trimmed;
  if (type === "text") return trimmed || undefined;
  try {
    const value: unknown = JSON.parse(trimmed);
    return kindOf(value) === type ? value : undefined;
  } catch {
    return undefined;
  }
}

/** A value as it is edited. */
export function written(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
