import type access from "@words/en/access.json";
import type app from "@words/en/app.json";
import type campaigns from "@words/en/campaigns.json";
import type home from "@words/en/home.json";
import type messages from "@words/en/messages.json";
import type people from "@words/en/people.json";
import type segments from "@words/en/segments.json";
import type settings from "@words/en/settings.json";
import type world from "@words/en/world.json";

export const LOCALES = ["en", "es", "fr"] as const;
export type Locale = (typeof LOCALES)[number];
export const LANGUAGES: Record<Locale, string> = { en: "English", es: "Español", fr: "Français" };

export type Key =
  | keyof typeof access
  | keyof typeof app
  | keyof typeof campaigns
  | keyof typeof home
  | keyof typeof messages
  | keyof typeof people
  | keyof typeof segments
  | keyof typeof settings
  | keyof typeof world;
/** The files of `kernel/i18n/<locale>/` that a screen needs beside `app`. */
export type File = "access" | "campaigns" | "home" | "messages" | "people" | "segments" | "settings" | "world";

type Values = Record<string, string | number>;
type Plural<K extends string> = K extends `${infer Stem}.other` ? Stem : never;

const KEPT = "antiphon-locale";
const sources = import.meta.glob<Record<string, string>>(
  ["../../../src/antiphon/kernel/i18n/*/*.json", "!../../../src/antiphon/kernel/i18n/*/pages.json"],
  { import: "default" },
);
const words: Record<string, string> = {};
const loaded = new Map<string, Promise<void>>();

function first(): Locale {
  const wanted = [localStorage.getItem(KEPT) ?? "", ...navigator.languages.map((tag) => tag.slice(0, 2))];
  return LOCALES.find((locale) => locale === wanted.find((tag) => LOCALES.includes(tag as Locale))) ?? "en";
}

export const locale: Locale = first();
/** The same language as it is written where the browser is: en-GB has other dates than en-US. */
export const region: string = navigator.languages.find((tag) => tag.split("-")[0] === locale) ?? locale;

/** Words, numbers and dates are all made anew: the page is loaded again. Drafts are kept by the server. */
export function speak(next: Locale): void {
  if (next === locale) return;
  localStorage.setItem(KEPT, next);
  location.reload();
}

export function loadWords(file: File | "app"): Promise<void> {
  let promise = loaded.get(file);
  if (!promise) {
    const source = sources[`../../../src/antiphon/kernel/i18n/${locale}/${file}.json`];
    promise = (source?.() ?? Promise.resolve({})).then((found) => void Object.assign(words, found));
    loaded.set(file, promise);
  }
  return promise;
}

/** The words of a key, with `{name}` filled in. */
export function t(key: Key, values: Values = {}): string {
  return fill(words[key] ?? key, values);
}

/** For keys that come from the server (`audit.campaigns.launch`); the fallback where we have no words for it. */
export function say(key: string, fallback: string, values: Values = {}): string {
  return fill(words[key] ?? fallback, values);
}

const plurals = new Intl.PluralRules(locale);
const plain = new Intl.NumberFormat(region);

/** `KEY.one` or `KEY.other` by the number, which is `{n}` in it. */
export function tn(stem: Plural<Key>, n: number, values: Values = {}): string {
  const form = plurals.select(n) === "one" ? "one" : "other";
  const key = `${stem}.${form}`;
  return fill(words[key] ?? words[`${stem}.other`] ?? key, { n: plain.format(n), ...values });
}

function fill(text: string, values: Values): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => (name in values ? String(values[name]) : whole));
}
