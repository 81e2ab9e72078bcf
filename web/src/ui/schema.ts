/** The part of JSON Schema that our API describes settings with, and what our forms add to it (`x-…`). */
export type Schema = {
  type?: string | string[];
  title?: string;
  description?: string;
  default?: unknown;
  enum?: unknown[];
  format?: string;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  pattern?: string;
  examples?: unknown[];
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
  propertyNames?: Schema;
  items?: Schema | boolean;
  prefixItems?: Schema[];
  anyOf?: Schema[];
  readOnly?: boolean;
  writeOnly?: boolean;
  "x-unit"?: string;
  "x-titles"?: Record<string, string>;
  "x-choices"?: string;
  "x-key"?: string;
  "x-advanced"?: boolean;
  "x-lines"?: boolean;
};

export type Kind =
  | "secret"
  | "optional"
  | "choice"
  | "boolean"
  | "number"
  | "string"
  | "tuple"
  | "list"
  | "map"
  | "object"
  | "any";

/** `anyOf` with null is the other schema, left out. What the outer says goes before what the inner says. */
export function bare(schema: Schema): { schema: Schema; nullable: boolean } {
  const { anyOf, ...rest } = schema;
  const others = anyOf?.filter((one) => one.type !== "null") ?? [];
  if (!anyOf || others.length !== 1) return { schema, nullable: schema.type?.includes("null") ?? false };
  return { schema: { ...others[0], ...rest }, nullable: others.length < anyOf.length };
}

export function kindOf(given: Schema): Kind {
  const { schema, nullable } = bare(given);
  if (schema.writeOnly) return "secret";
  if (schema.enum) return "choice";
  const type = Array.isArray(schema.type) ? schema.type.find((one) => one !== "null") : schema.type;
  if (type === "boolean") return "boolean";
  if (type === "number" || type === "integer") return "number";
  if (type === "string") return "string";
  if (type === "array" && schema.prefixItems) return "tuple";
  if (type === "array" && typeof schema.items === "object") return nullable ? "optional" : "list";
  if (schema.properties) return nullable ? "optional" : "object";
  if (typeof schema.additionalProperties === "object") return nullable ? "optional" : "map";
  return "any";
}

/** Seconds, by the unit or by the name: `within_s`. */
export const isTime = (schema: Schema, path: string): boolean =>
  schema["x-unit"] === "s" || schema.format === "duration" || (!schema["x-unit"] && /_s$/.test(path));

/** What stands there before anybody wrote anything. */
export function blank(given: Schema): unknown {
  const { schema } = bare(given);
  if (schema.default !== undefined && schema.default !== null) return schema.default;
  switch (kindOf({ ...schema, anyOf: undefined })) {
    case "object":
      return Object.fromEntries(
        Object.entries(schema.properties ?? {})
          .filter(([name, inner]) => inner.default !== undefined || schema.required?.includes(name))
          .map(([name, inner]) => [name, inner.default !== undefined ? inner.default : blank(inner)]),
      );
    case "map":
      return {};
    case "list":
      return [];
    case "tuple":
      return (schema.prefixItems ?? []).map(blank);
    case "choice":
      return schema.enum?.[0];
    case "boolean":
      return false;
    case "number":
      return schema.minimum ?? 0;
    case "any":
      return null;
    default:
      return "";
  }
}

/** `join("dkim[0]", "domain")` is `dkim[0].domain`, `join("dkim", 0)` is `dkim[0]`: as the API names places. */
export function join(path: string, step: string | number): string {
  if (typeof step === "number") return `${path}[${step}]`;
  return path ? `${path}.${step}` : step;
}

/** The key of words for a place: `dkim[0].domain` is `dkim.domain`. */
export const wordsAt = (prefix: string, path: string, end: "title" | "help"): string =>
  [prefix, path.replace(/\[\d+\]/g, ""), end].filter(Boolean).join(".");
