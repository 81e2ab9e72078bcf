import type { components } from "@/lib/schema";

export type Mine = components["schemas"]["MeView"];
export type Colleague = components["schemas"]["ColleagueView"];

export const ME = ["me"];
