import { t } from "@/lib/i18n";
import type { Schema } from "@/ui/SchemaForm";
import { type Group, helpOf, isShown, schemaOf, titleOf } from "./form";
import type { Section } from "./pages";

/** `setting`: to be pointed at on its page. */
export type Found = { page: string; title: string; under: string; setting?: string };

/** Letters alone: case and accents do not matter. */
export const plain = (text: string): string => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

/** Pages and settings in whose words all that is looked for stands; titles first. */
export function search(looked: string, sections: Section[], groups: Group[]): Found[] {
  const words = plain(looked).split(/\s+/).filter(Boolean);
  if (!words.length) return [];
  const holds = (text: string): boolean => words.every((word) => plain(text).includes(word));
  const pages = sections.flatMap((section) => section.pages);
  const ofPages = pages
    .filter((page) => holds(`${t(page.title)} ${t(page.about)}`))
    .map((page) => ({ page: page.name, title: t(page.title), under: t(page.about) }));
  const ofSettings = groups.flatMap((group) =>
    group.settings
      .filter(
        (setting) => isShown(setting) && holds(`${titleOf(setting)} ${helpOf(setting)} ${inner(schemaOf(setting))}`),
      )
      .map((setting) => ({ page: group.name, title: titleOf(setting), under: helpOf(setting), setting: setting.name })),
  );
  const all: Found[] = [...ofPages, ...ofSettings];
  return [...all.filter((one) => holds(one.title)), ...all.filter((one) => !holds(one.title))];
}

/** The titles of what is inside a setting. */
function inner(schema: Schema): string {
  const parts = [...Object.values(schema.properties ?? {}), ...(schema.anyOf ?? [])];
  for (const one of [schema.items, schema.additionalProperties]) if (typeof one === "object") parts.push(one);
  return parts.map((part) => `${part.title ?? ""} ${inner(part)}`).join(" ");
}
