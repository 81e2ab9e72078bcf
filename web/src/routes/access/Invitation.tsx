import { t } from "@/lib/i18n";
import { Button, PasswordInput, TextInput } from "@/ui/controls";
import { Door, Refused, useForm, values } from "./Door";

/** What an invitation's link opens; the token is in the fragment, which no server and no log sees. */
export default function Invitation() {
  const form = useForm("/api/v1/invitations/accept");
  return (
    <Door title={t("app.invitation.title")} text={t("app.invitation.text")}>
      <form
        style={{ display: "grid", gap: 12 }}
        onSubmit={async (event) => {
          if (await form.submit({ ...values(event), token: location.hash.slice(1) })) location.assign("/app/");
        }}
      >
        <TextInput name="name" label={t("app.name")} autoComplete="name" error={form.problem?.of("name")} />
        <PasswordInput
          name="password"
          label={t("app.password.new")}
          description={t("app.password.hint")}
          autoComplete="new-password"
          minLength={12}
          required
          error={form.problem?.of("password")}
        />
        <Refused problem={form.problem} />
        <Button type="submit" loading={form.busy} fullWidth>
          {t("app.setup.begin")}
        </Button>
      </form>
    </Door>
  );
}
