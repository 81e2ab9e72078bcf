import { locale, say, t, tn } from "@/lib/i18n";
import { useSession } from "@/lib/session";
import { channelName } from "@/ui/Channel";
import { shownAt } from "./document";

const languages = new Intl.DisplayNames(locale, { type: "language" });

export function languageName(tag: string): string {
  try {
    const name = languages.of(tag) ?? tag;
    return name.charAt(0).toLocaleUpperCase(locale) + name.slice(1);
  } catch {
    return tag;
  }
}

/** The base is A. */
export const variantName = (variant: string): string => (variant ? variant.toUpperCase() : "A");

export const fieldName = (field: string, kind?: string): string =>
  say(`messages.field.${kind ?? ""}.${field}`, say(`messages.field.${field}`, field));
export const blockName = (kind: string): string => say(`messages.block.${kind}`, kind);

/** A place of the document for people: "English · E-mail · Block 3 · Address". */
export function placeName(at: string): string {
  const { scope, within } = shownAt(at);
  const parts = scope ? [languageName(scope.locale), channelName(scope.channel)] : [];
  if (scope?.variant) parts.unshift(t("messages.variant.name", { name: variantName(scope.variant) }));
  for (const step of within.split(".").filter(Boolean)) {
    const found = /^blocks\[(\d+)\]$/.exec(step);
    parts.push(found ? t("messages.block.n", { n: Number(found[1]) + 1 }) : fieldName(step));
  }
  return parts.join(" · ");
}

/** Who changed it, of `staff:3` or `key:2`. */
export function useAuthor(): (by: string) => string {
  const me = useSession()?.colleague?.id;
  return (by) => {
    const [kind, id] = by.split(":");
    if (kind === "key") return t("messages.by.program");
    return id === me ? t("messages.by.you") : t("messages.by.colleague");
  };
}

export const problemsCount = (errors: number, others: number): string => {
  const parts = [
    errors > 0 ? tn("messages.problems.errors", errors) : "",
    others > 0 ? tn("messages.problems.hints", others) : "",
  ];
  return parts.filter(Boolean).join(" · ");
};
