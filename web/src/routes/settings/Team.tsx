import { IconUserPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, ask } from "@/lib/api";
import { t, tn } from "@/lib/i18n";
import { usePages } from "@/lib/pages";
import { useMay } from "@/lib/session";
import { useUrlState } from "@/lib/url";
import { Button, Switch } from "@/ui/controls";
import { Page, Panel } from "@/ui/Page";
import { Empty } from "@/ui/State";
import type { Colleague } from "../access/me";
import { useBack } from "./back";
import { Roles } from "./Roles";
import { Invite } from "./TeamInvite";
import { TeamSecondFactor } from "./TeamSecondFactor";
import { People } from "./TeamTable";
import { ROLES, STAFF } from "./team";
import "../access/access.css";
import "./team.css";

/** Who works here, what each may do, and the links by which they come in. */
export default function Team() {
  const mayWrite = useMay("team.write");
  const [inviting, setInviting] = useState(false);
  const [left, setLeft] = useUrlState("left", false);
  const roles = useQuery({ queryKey: ROLES, queryFn: () => ask(api.GET("/api/v1/roles")), staleTime: 600_000 });
  const list = usePages<Colleague>(STAFF, async (cursor) => {
    const page = await ask(api.GET("/api/v1/staff", { params: { query: { cursor } } }));
    return { rows: page.staff, next: page.cursor };
  });
  const here = list.rows?.filter((one) => one.state !== "left") ?? [];
  const gone = (list.rows?.length ?? 0) - here.length;
  return (
    <Page
      title={t("settings.team")}
      back={useBack()}
      badge={list.rows && <span className="soft small">{tn("team.count", here.length)}</span>}
      actions={
        mayWrite && (
          <Button leftSection={<IconUserPlus size={18} aria-hidden />} onClick={() => setInviting(true)}>
            {t("team.invite")}
          </Button>
        )
      }
    >
      <div className="parts wide">
        <Panel className="middle">
          <People
            {...list}
            rows={list.rows && (left ? list.rows : here)}
            roles={roles.data?.roles ?? []}
            empty={<Empty title={t("team.none_left")} />}
          />
          {gone > 0 && (
            <Switch
              mt={16}
              label={t("team.show_left")}
              checked={left}
              onChange={(event) => setLeft(event.currentTarget.checked)}
            />
          )}
        </Panel>
        <TeamSecondFactor />
        <Roles roles={roles} />
      </div>
      {inviting && <Invite roles={roles.data?.roles ?? []} onClose={() => setInviting(false)} />}
    </Page>
  );
}
