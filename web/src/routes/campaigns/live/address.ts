import { t } from "@/lib/i18n";

/** As people read it. A push goes to an address of a browser's maker, which tells nobody anything. */
export const addressOf = (channel: string, address: string): string =>
  channel === "push" ? t("campaigns.device") : address;
