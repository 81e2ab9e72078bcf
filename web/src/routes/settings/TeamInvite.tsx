import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, ask } from "@/lib/api";
import { say, t } from "@/lib/i18n";
import type { components } from "@/lib/schema";
import { useSession } from "@/lib/session";
import { Button, Radio, TextInput } from "@/ui/controls";
import { Failed } from "@/ui/State";
import { Dialog } from "../access/Dialog";
import { values } from "../access/Door";
import { useProved } from "../access/prove";
import { LinkShown } from "./TeamLink";
import { type Role, type RoleView, STAFF } from "./team";

type Made = components["schemas"]["InvitationMade"];

/** Address and role in, a link out; what each role may do stands beside it. */
export function Invite(props: { roles: RoleView[]; onClose: () => void }) {
  const [made, setMade] = useState<Made>();
  const proved = useProved({ quiet: true });
  return (
    <>
      <Dialog
        onClose={props.onClose}
        title={t("team.invite.title")}
        closeOnEscape={!proved.proving}
        closeOnClickOutside={!made}
      >
        {made ? (
          <LinkShown name={made.colleague.name} link={made.link} onClose={props.onClose} />
        ) : (
          <Form roles={props.roles} proved={proved} onMade={setMade} />
        )}
      </Dialog>
      {proved.dialog}
    </>
  );
}

type FormProps = { roles: RoleView[]; proved: ReturnType<typeof useProved>; onMade: (made: Made) => void };

function Form({ roles, proved, onMade }: FormProps) {
  const session = useSession();
  const client = useQueryClient();
  const [role, setRole] = useState<Role>("marketer");
  const gives = roles.find((one) => one.role === session?.role)?.gives ?? [];
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    const body = { ...values(event, "email", "name"), role };
    const made = await proved.run(() => ask(api.POST("/api/v1/staff", { body })));
    if (!made) return;
    await client.invalidateQueries({ queryKey: STAFF });
    onMade(made);
  };
  const problem = proved.problem;
  const elsewhere = problem && !problem.of("email") && !problem.of("name");
  return (
    <form className="fields" onSubmit={(event) => void submit(event)}>
      <TextInput
        name="email"
        type="email"
        label={t("app.email")}
        description={t("team.invite.email.hint")}
        autoComplete="off"
        required
        withAsterisk={false}
        data-autofocus
        error={problem?.of("email")}
      />
      <TextInput
        name="name"
        label={t("app.name")}
        description={t("team.invite.name.hint")}
        autoComplete="off"
        error={problem?.of("name")}
      />
      <Radio.Group
        label={t("access.role")}
        value={role}
        onChange={(value) => setRole(gives.find((one) => one === value) ?? role)}
      >
        <div className="choices">
          {gives.map((one) => (
            <Radio
              key={one}
              value={one}
              label={say(`app.role.${one}`, one)}
              description={say(`team.role.text.${one}`, "")}
            />
          ))}
        </div>
      </Radio.Group>
      {elsewhere && <Failed error={problem} />}
      <div className="ends">
        <Button type="submit" loading={proved.busy && !proved.proving}>
          {t("team.invite.make")}
        </Button>
      </div>
    </form>
  );
}
