import { LOCALES, locale, speak } from "@/lib/i18n";

export type Wishes = { locale?: string | null; theme?: string };

const COLOURS = "mantine-color-scheme-value";

/** The language and the colours of whoever signed in, kept for the next page that is loaded. */
export function wear(wishes: Wishes): void {
  if (wishes.theme) localStorage.setItem(COLOURS, wishes.theme);
  const wanted = LOCALES.find((one) => one === wishes.locale);
  if (wanted) localStorage.setItem("antiphon-locale", wanted);
}

/** The same for a page that is open: by single sign-on, or in a browser that was elsewhere before. True: it is loaded anew. */
export function wearNow(wishes: Wishes): boolean {
  const before = localStorage.getItem(COLOURS) ?? "auto";
  wear(wishes);
  const wanted = LOCALES.find((one) => one === wishes.locale) ?? locale;
  if (wanted === locale && (wishes.theme ?? "auto") === before) return false;
  if (wanted === locale) location.reload();
  else speak(wanted);
  return true;
}
