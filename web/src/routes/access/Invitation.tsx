import { api, ask } from "@/lib/api";
import { t } from "@/lib/i18n";
import { Button, TextInput } from "@/ui/controls";
import { Door, Refused, useForm, values } from "./Door";
import { admit } from "./entering";
import { Link, type Target } from "./Link";
import { NewPassword } from "./NewPassword";

/** What an invitation's link opens. */
export default function Invitation() {
  return (
    <Link title={t("app.invitation.title")} fields={2}>
      {(found, token) => <Form found={found} token={token} />}
    </Link>
  );
}

function Form({ found, token }: { found: Target; token: string }) {
  const form = useForm((body: { name: string; password: string }) =>
    ask(api.POST("/api/v1/invitations/accept", { body: { ...body, token } })),
  );
  return (
    <Door
      title={t("app.invitation.title")}
      text={t(found.company ? "app.invitation.text" : "app.invitation.text.nameless", {
        company: found.company,
        email: found.email,
      })}
    >
      <form
        className="fields"
        onSubmit={async (event) => {
          const answer = await form.submit(values(event, "name", "password"));
          if (answer) admit(answer);
        }}
      >
        <TextInput
          name="name"
          label={t("app.invitation.name")}
          defaultValue={found.name}
          autoComplete="name"
          required
          withAsterisk={false}
          error={form.problem?.of("name")}
        />
        <NewPassword
          label={t("app.password.choose")}
          email={found.email}
          error={form.problem?.of("password")}
          autoFocus
        />
        <Refused form={form} fields={["name", "password"]} />
        <Button type="submit" loading={form.busy} disabled={form.wait > 0} fullWidth>
          {t("app.setup.begin")}
        </Button>
      </form>
    </Door>
  );
}
