import { useQuery } from "@tanstack/react-query";
import { api, ask } from "@/lib/api";
import { say } from "@/lib/i18n";
import type { components } from "@/lib/schema";
import type { Choice, Schema } from "@/ui/SchemaForm";
import type { Edits } from "./edits";
import { spoken } from "./spoken";

export type Group = components["schemas"]["SettingGroup"];
export type Setting = components["schemas"]["SettingForm"];

export const FORM = ["settings-form"];

export function useForm() {
  return useQuery({ queryKey: FORM, queryFn: () => ask(api.GET("/api/v1/settings/form")) });
}

export const titleOf = (setting: Setting): string => say(setting.title_key, setting.title);
export const helpOf = (setting: Setting): string => say(setting.help_key, setting.help);
export const schemaOf = (setting: Setting): Schema => spoken(setting.schema, [`setting.${setting.name}`]);
/** Rules of identity have a page and checks of their own. */
export const isShown = (setting: Setting): boolean => !(setting.schema as Schema).readOnly;

/** What may be chosen where a setting names a topic or an event. Where there are none yet, any name may be written. */
export function useChoices(): Record<string, Choice[]> {
  const topics = useQuery({ queryKey: ["topics"], queryFn: () => ask(api.GET("/api/v1/topics")) });
  const events = useQuery({ queryKey: ["events"], queryFn: () => ask(api.GET("/api/v1/events")) });
  const names = {
    topics: topics.data?.topics.map((one) => one.name),
    events: events.data?.map((one) => one.name),
  };
  return Object.fromEntries(
    Object.entries(names).flatMap(([key, found]) =>
      found?.length ? [[key, found.map((name) => ({ value: name, label: name }))]] : [],
    ),
  );
}

/** All that was changed in one request, which holds whole or not at all; then those that go back to their default. */
export async function write(edits: Edits): Promise<void> {
  const kept = Object.entries(edits).filter(([, one]) => !one.reset);
  if (kept.length) {
    const body = Object.fromEntries(kept.map(([name, one]) => [name, one.value]));
    await ask(api.PUT("/api/v1/settings", { body }));
  }
  for (const [name, one] of Object.entries(edits))
    if (one.reset) await ask(api.DELETE("/api/v1/settings/{setting}", { params: { path: { setting: name } } }));
}

/** What puts things back as they were: those that nobody had set go back to their default. */
export function undone(before: Group[], edits: Edits): Edits {
  const settings = before.flatMap((group) => group.settings).filter((one) => one.name in edits);
  return Object.fromEntries(settings.map((one) => [one.name, { value: one.value, reset: !one.is_set }]));
}
