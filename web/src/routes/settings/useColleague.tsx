import { useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { api, ask } from "@/lib/api";
import { say, t } from "@/lib/i18n";
import { useSession } from "@/lib/session";
import { done } from "@/ui/toast";
import type { Colleague } from "../access/me";
import { type Proved, useProved } from "../access/prove";
import { LinkOnce } from "./TeamLink";
import { type Link, type Role, STAFF } from "./team";

export type Does = {
  role: (one: Colleague, role: Role) => Promise<void>;
  leave: (one: Colleague) => Promise<boolean>;
  again: (one: Colleague) => Promise<void>;
  link: (one: Colleague) => Promise<void>;
  signOut: (one: Colleague) => Promise<void>;
  totpOff: (one: Colleague) => Promise<boolean>;
  forgetSso: (one: Colleague) => Promise<void>;
  /** An owner, who alone may let single sign-on forget somebody. */
  isOwner: boolean;
  proved: Proved;
  dialog: ReactNode;
};

/** What can be done about a colleague; each asks for a proof where the server wants one. */
export function useColleague(): Does {
  const proved = useProved();
  const client = useQueryClient();
  const [shown, setShown] = useState<{ name: string; link: Link }>();
  const isOwner = useSession()?.role === "owner";
  const act = async (work: () => Promise<unknown>): Promise<boolean> => {
    const worked = await proved.run(async () => {
      await work();
      return true;
    });
    await client.invalidateQueries({ queryKey: STAFF });
    return worked ?? false;
  };
  const at = (one: Colleague) => ({ params: { path: { staff: one.id } } });
  const change = (one: Colleague, body: { role?: Role; state?: "left" | "invited" }) =>
    act(() => ask(api.PATCH("/api/v1/staff/{staff}", { ...at(one), body })));
  const said = (role: Role, name: string) => t("team.role.changed", { name, role: say(`app.role.${role}`, role) });
  const link = async (one: Colleague) => {
    const made = await proved.run(() => ask(api.POST("/api/v1/staff/{staff}/link", at(one))));
    if (made) setShown({ name: one.name, link: made });
  };
  return {
    link,
    proved,
    isOwner,
    role: async (one, role) => {
      if (await change(one, { role })) done(said(role, one.name), () => change(one, { role: one.role }));
    },
    leave: async (one) => {
      const gone = await change(one, { state: "left" });
      if (gone) done(t("team.left", { name: one.name }));
      return gone;
    },
    again: async (one) => {
      if (await change(one, { state: "invited" })) await link(one);
    },
    signOut: async (one) => {
      const ended = await act(() => ask(api.DELETE("/api/v1/staff/{staff}/sessions", at(one))));
      if (ended) done(t("team.sessions.ended", { name: one.name }));
    },
    totpOff: async (one) => {
      const off = await act(() => ask(api.DELETE("/api/v1/staff/{staff}/second-factor", at(one))));
      if (off) done(t("team.totp.turned_off", { name: one.name }));
      return off;
    },
    forgetSso: async (one) => {
      const forgotten = await act(() => ask(api.DELETE("/api/v1/staff/{staff}/sso", at(one))));
      if (forgotten) done(t("team.forgotten_sso", { name: one.name }));
    },
    dialog: (
      <>
        {proved.dialog}
        {shown && <LinkOnce {...shown} onClose={() => setShown(undefined)} />}
      </>
    ),
  };
}
