import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, ask } from "@/lib/api";
import { t } from "@/lib/i18n";
import { sessionQuery } from "@/lib/session";
import { Button } from "@/ui/controls";
import { Password } from "@/ui/Password";
import { Failed } from "@/ui/State";
import { done } from "@/ui/toast";
import { values } from "./Door";
import { ME, type Mine } from "./me";
import { NewPassword } from "./NewPassword";
import { useProved } from "./prove";

export function PasswordChange({ me }: { me: Mine }) {
  const [open, setOpen] = useState(false);
  const proved = useProved({ quiet: true });
  const client = useQueryClient();
  const has = me.colleague.has_password;
  const send = async (given: { password: string; current: string }) => {
    const body = { password: given.password, ...(has && { current: given.current }) };
    const answer = await proved.run(() => ask(api.PUT("/api/v1/me/password", { body })));
    if (!answer) return;
    client.setQueryData(ME, answer);
    for (const queryKey of [["sessions"], sessionQuery.queryKey]) void client.invalidateQueries({ queryKey });
    setOpen(false);
    done(t("access.password.changed"));
  };
  const at = proved.problem?.of("password");
  const before = proved.problem?.of("current");
  if (!open)
    return (
      <div className="part-acts">
        <Button variant="default" onClick={() => setOpen(true)}>
          {t(has ? "access.password.change" : "access.password.set")}
        </Button>
        {!has && <span className="soft small">{t("access.password.none")}</span>}
      </div>
    );
  return (
    <form className="fields" onSubmit={(event) => void send(values(event, "password", "current"))}>
      {has && (
        <Password
          name="current"
          label={t("access.password.current")}
          autoComplete="current-password"
          required
          withAsterisk={false}
          autoFocus
          error={before}
          aria-invalid={before !== undefined}
        />
      )}
      <NewPassword label={t("app.password.new")} email={me.colleague.email} error={at} autoFocus={!has} />
      {proved.problem && !at && !before && <Failed error={proved.problem} />}
      <div className="part-acts">
        <Button type="submit" loading={proved.busy && !proved.proving}>
          {t("app.password.set")}
        </Button>
        <Button variant="subtle" onClick={() => setOpen(false)}>
          {t("app.cancel")}
        </Button>
      </div>
      {proved.dialog}
    </form>
  );
}
