import { api, ask } from "@/lib/api";
import { say, t } from "@/lib/i18n";
import type { Session } from "@/lib/session";
import { Button } from "@/ui/controls";
import { Refused, useForm } from "./Door";
import { admit } from "./entering";

const ROLES = ["owner", "marketer", "analyst"] as const;

/** In the sandbox, on this machine: in as one of the sample company's people, without an account. */
export function Enter({ session }: { session: Session }) {
  const form = useForm((role: (typeof ROLES)[number]) => ask(api.POST("/api/v1/sandbox/enter", { body: { role } })));
  if (!session.may_enter) return null;
  const enter = async (role: (typeof ROLES)[number]) => {
    const answer = await form.submit(role);
    if (answer) admit(answer);
  };
  return (
    <section className="door-enter" aria-label={t("app.setup.look")}>
      <strong>{t("app.setup.look")}</strong>
      <span className="soft">{t("app.setup.look.text")}</span>
      <div>
        {ROLES.map((role) => (
          <Button
            key={role}
            variant={role === "owner" ? "light" : "default"}
            disabled={form.busy}
            onClick={() => void enter(role)}
          >
            {say(`app.role.${role}`, role)}
          </Button>
        ))}
      </div>
      <Refused form={form} />
    </section>
  );
}
