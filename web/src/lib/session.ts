import { queryOptions, useQuery } from "@tanstack/react-query";
import { send } from "./api";
import { heed } from "./company";

export type Session = {
  state: "setup" | "signed_out" | "second_factor" | "enrol" | "signed_in";
  may_set_up: boolean;
  colleague?: {
    id: string;
    name: string;
    email: string;
    has_password?: boolean;
    has_totp?: boolean;
    passkeys?: number;
  } | null;
  role?: string | null;
  permissions: string[];
  sso: { name: string; title: string }[];
  second_factors: string[];
  /** With what a grave act is proved: `password`, `totp`, `recovery`, `passkey`. */
  proofs: string[];
  sandbox: boolean;
  may_enter?: boolean;
  locale: string | null;
  wishes?: { locale?: string | null; theme?: string; keys?: boolean; time_zone?: string | null } | null;
  company: string | null;
  /** ISO 4217. */
  currency?: string;
  /** In the sandbox, whose clock is not this browser's. */
  product_time?: { now: string; held: boolean } | null;
  version: string;
};

export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: async (): Promise<Session> => {
    const session: Session = await (await send("/api/v1/session", {})).json();
    heed(session);
    return session;
  },
  staleTime: 60_000,
  refetchOnWindowFocus: "always", // they may have signed out in another tab
});

export function useSession(): Session | undefined {
  return useQuery(sessionQuery).data;
}

/** Whether whoever is signed in may do that: for what to show. The server asks again. */
export function useMay(permission: string): boolean {
  return useSession()?.permissions.includes(permission) ?? false;
}
