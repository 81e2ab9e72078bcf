import { Problem } from "./api";
import { t } from "./i18n";

/** What went wrong, in one sentence for people: the server's own where it said one. */
export function sentence(error: unknown): string {
  if (!(error instanceof Problem)) return t("app.error.unknown");
  if (error.status === 0) return t("app.error.unreachable");
  return error.title || t("app.error.unknown");
}
