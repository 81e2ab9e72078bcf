import { t } from "@/lib/i18n";
import { Button, PasswordInput } from "@/ui/controls";
import { Door, Refused, useForm, values } from "./Door";

/** What the link of a forgotten password opens. */
export default function Password() {
  const form = useForm("/api/v1/password/reset");
  return (
    <Door title={t("app.password.new")}>
      <form
        style={{ display: "grid", gap: 12 }}
        onSubmit={async (event) => {
          if (await form.submit({ ...values(event), token: location.hash.slice(1) })) location.assign("/app/");
        }}
      >
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
          {t("app.password.set")}
        </Button>
      </form>
    </Door>
  );
}
