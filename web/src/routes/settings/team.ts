import type { components } from "@/lib/schema";

export type RoleView = components["schemas"]["RoleView"];
export type Role = RoleView["role"];
export type Link = components["schemas"]["LinkView"];

export type SignInRule = components["schemas"]["SignInRule"];

export const RULE = ["sign-in-rule"];
export const STAFF = ["staff"];
export const ROLES = ["roles"];
