import { IconCheck } from "@tabler/icons-react";
import { say, t } from "@/lib/i18n";
import { Panel } from "@/ui/Page";
import { Loaded } from "@/ui/State";
import type { RoleView } from "./team";

type Query = { data: { roles: RoleView[] } | undefined; error: unknown; refetch: () => unknown };

/** Roles across, permissions down: who may what. */
export function Roles({ roles }: { roles: Query }) {
  return (
    <Panel title={t("team.roles")}>
      <Loaded query={roles} rows={8} height={32}>
        {(data) => <Matrix roles={data.roles} />}
      </Loaded>
    </Panel>
  );
}

const EVERYBODY = ["public", "self", "enrol"];

function Matrix({ roles }: { roles: RoleView[] }) {
  const all = roles.reduce<string[]>(
    (most, one) => (one.permissions.length > most.length ? one.permissions : most),
    [],
  );
  const shown = all.filter((one) => !EVERYBODY.includes(one));
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls sideways can be reached by keys
    <section className="scroll" tabIndex={0} aria-label={t("team.roles")}>
      <table className="data matrix">
        <thead>
          <tr>
            <th scope="col">{t("team.roles.permission")}</th>
            {roles.map((one) => (
              <th scope="col" key={one.role}>
                {say(`app.role.${one.role}`, one.role)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map((permission) => (
            <tr key={permission}>
              <th scope="row">{say(`permission.${permission}`, permission)}</th>
              {roles.map((one) => (
                <td key={one.role}>
                  <May may={one.permissions.some((each) => each === permission)} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function May({ may }: { may: boolean }) {
  return may ? (
    <>
      <IconCheck size={18} aria-hidden />
      <span className="unseen">{t("team.roles.yes")}</span>
    </>
  ) : (
    <>
      <span aria-hidden className="soft">
        –
      </span>
      <span className="unseen">{t("team.roles.no")}</span>
    </>
  );
}
