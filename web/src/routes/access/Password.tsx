import { api, ask } from "@/lib/api";
import { t } from "@/lib/i18n";
import { Button } from "@/ui/controls";
import { Door, Refused, useForm, values } from "./Door";
import { admit } from "./entering";
import { Link, type Target } from "./Link";
import { NewPassword } from "./NewPassword";

/** What the link of a forgotten password opens. */
export default function Password() {
  return (
    <Link title={t("app.password.new")} fields={1}>
      {(found, token) => <Form found={found} token={token} />}
    </Link>
  );
}

function Form({ found, token }: { found: Target; token: string }) {
  const form = useForm((body: { password: string }) =>
    ask(api.POST("/api/v1/password/reset", { body: { ...body, token } })),
  );
  return (
    <Door title={t("app.password.new")} text={t("app.password.for", { email: found.email })}>
      <form
        className="fields"
        onSubmit={async (event) => {
          const answer = await form.submit(values(event, "password"));
          if (answer) admit(answer);
        }}
      >
        <NewPassword label={t("app.password.new")} email={found.email} error={form.problem?.of("password")} autoFocus />
        <Refused form={form} fields={["password"]} />
        <Button type="submit" loading={form.busy} disabled={form.wait > 0} fullWidth>
          {t("app.password.set")}
        </Button>
      </form>
    </Door>
  );
}
