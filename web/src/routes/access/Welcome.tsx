import { useEffect } from "react";
import { t } from "@/lib/i18n";
import { useSession } from "@/lib/session";
import { Alert, Button, PasswordInput, TextInput } from "@/ui/controls";
import { Door, Refused, useForm, values } from "./Door";
import { Enter } from "./Enter";

/** The first page of a new installation: it makes the owner. */
export default function Welcome() {
  const session = useSession();
  const form = useForm("/api/v1/setup");
  const token = new URLSearchParams(location.search).get("token") ?? undefined;
  useEffect(() => {
    if (session && session.state !== "setup") location.assign("/app/");
  }, [session]);
  const locked = session && !session.may_set_up && !token;
  return (
    <Door title={t("app.setup.title")} text={t("app.setup.text")}>
      {locked ? (
        <Alert color="yellow">{t("app.setup.locked")}</Alert>
      ) : (
        <form
          style={{ display: "grid", gap: 12 }}
          onSubmit={async (event) => {
            if (await form.submit({ ...values(event), token })) location.assign("/app/");
          }}
        >
          <TextInput
            name="company"
            label={t("app.setup.company")}
            autoComplete="organization"
            error={form.problem?.of("company")}
            autoFocus
          />
          <TextInput name="name" label={t("app.name")} autoComplete="name" required error={form.problem?.of("name")} />
          <TextInput
            name="email"
            type="email"
            label={t("app.email")}
            autoComplete="username"
            required
            error={form.problem?.of("email")}
          />
          <PasswordInput
            name="password"
            label={t("app.password")}
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
      )}
      <Enter />
    </Door>
  );
}
