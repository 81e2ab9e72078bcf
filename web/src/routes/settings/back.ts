import { t } from "@/lib/i18n";
import { usePhone } from "./phone";

/** On a phone the list of pages is a page of its own. */
export function useBack(): { to: string; label: string } | undefined {
  return usePhone() ? { to: "/settings", label: t("settings.title") } : undefined;
}
