import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, ask } from "@/lib/api";
import { say, t } from "@/lib/i18n";
import { sessionQuery } from "@/lib/session";
import { Button, TextInput } from "@/ui/controls";
import { done, failed } from "@/ui/toast";
import { ME, type Mine } from "./me";
import { useProved } from "./prove";

type Changed = { name?: string; email?: string };

/** Name and address. A new address is asked to be proved. */
export function Who({ me }: { me: Mine }) {
  const { name, email, role } = me.colleague;
  const [edited, setEdited] = useState<Changed>({});
  const proved = useProved({ quiet: true });
  const client = useQueryClient();
  const send = async (body: Changed) => {
    client.setQueryData(ME, await ask(api.PATCH("/api/v1/me", { body })));
    await client.invalidateQueries({ queryKey: sessionQuery.queryKey });
  };
  const changed: Changed = {
    ...(edited.name !== undefined && edited.name !== name && { name: edited.name }),
    ...(edited.email !== undefined && edited.email !== email && { email: edited.email }),
  };
  const dirty = Object.keys(changed).length > 0;
  const save = async (event: FormEvent) => {
    event.preventDefault();
    const saved = await proved.run(async () => {
      await send(changed);
      return true;
    });
    if (!saved) return;
    setEdited({});
    const before = { ...("name" in changed && { name }), ...("email" in changed && { email }) };
    done(t("access.saved"), () => send(before).catch(failed));
  };
  return (
    <form className="fields" onSubmit={(event) => void save(event)}>
      <TextInput
        label={t("app.name")}
        autoComplete="name"
        required
        withAsterisk={false}
        value={edited.name ?? name}
        onChange={(event) => setEdited({ ...edited, name: event.currentTarget.value })}
        error={proved.problem?.of("name")}
      />
      <TextInput
        type="email"
        label={t("app.email")}
        autoComplete="email"
        required
        withAsterisk={false}
        value={edited.email ?? email}
        onChange={(event) => setEdited({ ...edited, email: event.currentTarget.value })}
        error={proved.problem?.of("email") ?? whole(proved.problem)}
      />
      <div className="part-acts">
        <Button type="submit" disabled={!dirty} loading={proved.busy && !proved.proving}>
          {t("app.save")}
        </Button>
        <span className="soft small">{t("access.role.is", { role: say(`app.role.${role}`, role) })}</span>
      </div>
      {proved.dialog}
    </form>
  );
}

const whole = (problem: { title: string; errors: unknown[] } | undefined): string | undefined =>
  problem && !problem.errors.length ? problem.title : undefined;
