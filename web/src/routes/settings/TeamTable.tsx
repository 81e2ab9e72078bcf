import { say, t } from "@/lib/i18n";
import { useMay, useSession } from "@/lib/session";
import { NativeSelect } from "@/ui/controls";
import { Mark, type Tone } from "@/ui/Mark";
import { Table, type TableProps } from "@/ui/Table";
import { When } from "@/ui/When";
import type { Colleague } from "../access/me";
import { More } from "./TeamMore";
import type { Role, RoleView } from "./team";
import { useColleague } from "./useColleague";

const TONES: Record<Colleague["state"], Tone> = { active: "good", invited: "warn", left: "calm" };

type Props = Omit<TableProps<Colleague>, "label" | "columns" | "id"> & { roles: RoleView[] };

export function People({ roles, ...rows }: Props) {
  const session = useSession();
  const mayWrite = useMay("team.write");
  const does = useColleague();
  const mine = roles.find((one) => one.role === session?.role)?.gives ?? [];
  const may = (one: Colleague) => mayWrite && mine.includes(one.role);
  return (
    <>
      <Table<Colleague>
        {...rows}
        label={t("settings.team")}
        id={(one) => one.id}
        columns={[
          {
            key: "name",
            title: t("app.name"),
            cell: (one) => <Name one={one} mine={one.id === session?.colleague?.id} />,
          },
          {
            key: "role",
            title: t("access.role"),
            cell: (one) =>
              may(one) && one.state !== "left" ? (
                <RoleOf one={one} gives={mine} onRole={(role) => void does.role(one, role)} />
              ) : (
                say(`app.role.${one.role}`, one.role)
              ),
          },
          {
            key: "state",
            title: t("team.state"),
            cell: (one) => <Mark tone={TONES[one.state]}>{t(`team.state.${one.state}`)}</Mark>,
          },
          { key: "ways", title: t("team.ways"), cell: (one) => <Ways one={one} /> },
          { key: "seen", title: t("team.seen"), cell: (one) => <When wall at={one.seen_at} /> },
          { key: "more", title: "", right: true, cell: (one) => (may(one) ? <More one={one} does={does} /> : null) },
        ]}
      />
      {does.dialog}
    </>
  );
}

function Name({ one, mine }: { one: Colleague; mine: boolean }) {
  return (
    <span className="stacked">
      <strong>
        {one.name} {mine && <span className="soft">({t("team.you")})</span>}
      </strong>
      <span className="soft small">{one.email}</span>
    </span>
  );
}

function RoleOf(props: { one: Colleague; gives: Role[]; onRole: (role: Role) => void }) {
  return (
    <NativeSelect
      size="xs"
      aria-label={t("team.role.of", { name: props.one.name })}
      value={props.one.role}
      data={props.gives.map((role) => ({ value: role, label: say(`app.role.${role}`, role) }))}
      onChange={(event) => {
        const role = props.gives.find((each) => each === event.currentTarget.value);
        if (role) props.onRole(role);
      }}
    />
  );
}

function Ways({ one }: { one: Colleague }) {
  const ways = [one.has_password && "password", one.has_totp && "totp", one.passkeys > 0 && "passkey"].flatMap((way) =>
    way ? [say(`access.factor.${way}`, way)] : [],
  );
  return <span className={ways.length ? undefined : "soft"}>{ways.join(", ") || t("team.ways.none")}</span>;
}
