import type { components } from "@/lib/schema";

export type SsoProvider = components["schemas"]["access_sso_records_ProviderView"];
export type SsoSettings = components["schemas"]["ProviderSettings"];
export const SSO = ["sso"];
export const ROLES_GIVEN = ["manager", "marketer", "agent", "analyst", "developer"] as const;

/** Letters as they are typed into addresses. */
export const plainName = (text: string): string =>
  text
    .normalize("NFD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 40);
