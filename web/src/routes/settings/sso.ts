import type { Answer, Body } from "@/lib/api";

export type SsoProvider = Answer<"/api/v1/sso", "get">["providers"][number];
export type SsoSettings = Body<"/api/v1/sso/{name}", "put">;
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
