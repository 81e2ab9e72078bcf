import { LOCALES, locale, speak } from "@/lib/i18n";

export type Wishes = { locale?: string | null; theme?: string };

const COLOURS = "mantine-color-scheme-value";
let worn = false;

/** The language and the colours of whoever signed in, for the next page that is loaded. */
export function wear(wishes: Wishes): void {
  worn = true;
  if (wishes.theme) localStorage.setItem(COLOURS, wishes.theme);
  const wanted = LOCALES.find((one) => one === wishes.locale);
  if (wanted) localStorage.setItem("antiphon-locale", wanted);
}

/** The same where the app opens for somebody who is signed in: by single sign-on, or elsewhere wished since. What looks
 *  otherwise is loaded anew, once. */
export function wearFirst(wishes: Wishes): void {
  if (worn) return;
  const before = localStorage.getItem(COLOURS) ?? "auto";
  wear(wishes);
  const wanted = LOCALES.find((one) => one === wishes.locale) ?? locale;
  if (wanted !== locale) speak(wanted);
  else if ((wishes.theme ?? "auto") !== before) location.reload();
}
