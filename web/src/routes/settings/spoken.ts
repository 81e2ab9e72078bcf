import { say } from "@/lib/i18n";
import { channelName } from "@/ui/Channel";
import type { Schema } from "@/ui/SchemaForm";

const CHANNELS = ["email", "sms", "push", "chat", "voice"];

/** A schema in the language of the app: titles, helps and names of choices from our words, the first of `places` that
 *  has one; what has none stays as the server says it. `quiet_hours.start` is at `PLACE.start`. */
export function spoken(schema: Schema, places: string[]): Schema {
  const said = (end: string, text: string): string => {
    for (const place of places) {
      const found = say(`${place}.${end}`, "");
      if (found) return found;
    }
    return text;
  };
  const whole: Schema = { ...schema };
  if (schema.title) whole.title = said("title", schema.title);
  if (schema.description) whole.description = said("help", schema.description);
  const titles = titlesOf(schema, said);
  if (titles) whole["x-titles"] = titles;
  if (schema.properties)
    whole.properties = Object.fromEntries(
      Object.entries(schema.properties).map(([name, inner]) => [name, spoken(inner, inside(places, name))]),
    );
  if (schema.anyOf) whole.anyOf = schema.anyOf.map((inner) => spoken(inner, places));
  if (schema.prefixItems) whole.prefixItems = schema.prefixItems.map((inner) => spoken(inner, places));
  if (typeof schema.items === "object") whole.items = spoken(schema.items, places);
  if (typeof schema.additionalProperties === "object")
    whole.additionalProperties = spoken(schema.additionalProperties, places);
  if (schema.propertyNames) whole.propertyNames = spoken(schema.propertyNames, places);
  return whole;
}

const inside = (places: string[], name: string): string[] => places.map((place) => `${place}.${name}`);

function titlesOf(schema: Schema, said: (end: string, text: string) => string): Record<string, string> | undefined {
  const values = (schema.enum ?? []).filter((one) => one !== null).map(String);
  if (!values.length) return undefined;
  const areChannels = values.every((one) => CHANNELS.includes(one));
  return Object.fromEntries(
    values.map((one) => [one, areChannels ? channelName(one) : said(`is.${one}`, schema["x-titles"]?.[one] ?? one)]),
  );
}
