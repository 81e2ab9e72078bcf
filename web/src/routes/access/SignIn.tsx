import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { t } from "@/lib/i18n";
import { sessionQuery, useSession } from "@/lib/session";
import { Anchor, Button, PasswordInput, TextInput } from "@/ui/controls";
import { Door, enter, next, Refused, useForm, values } from "./Door";
import { Enter } from "./Enter";
import { Passkey } from "./Passkey";

export default function SignIn() {
  const session = useSession();
  const client = useQueryClient();
  useEffect(() => {
    if (session?.state === "signed_in") enter();
    if (session?.state === "setup") location.assign("/app/welcome");
  }, [session]);
  const again = () => void client.invalidateQueries({ queryKey: sessionQuery.queryKey });
  if (session?.state === "second_factor") return <SecondFactor onDone={again} factors={session.second_factors} />;
  return <First onDone={again} />;
}

function First(props: { onDone: () => void }) {
  const session = useSession();
  const form = useForm("/api/v1/session");
  const [forgot, setForgot] = useState(false);
  return (
    <Door title={t("app.sign_in")}>
      <form
        style={{ display: "grid", gap: 12 }}
        onSubmit={async (event) => {
          if (await form.submit(values(event))) props.onDone();
        }}
      >
        <TextInput
          name="email"
          type="email"
          label={t("app.email")}
          autoComplete="username webauthn"
          required
          autoFocus
        />
        <PasswordInput name="password" label={t("app.password")} autoComplete="current-password" required />
        <Refused problem={form.problem} />
        <Button type="submit" loading={form.busy} fullWidth>
          {t("app.sign_in")}
        </Button>
      </form>
      <Passkey onDone={props.onDone} />
      {session?.sso.map((one) => (
        <Button
          key={one.name}
          component="a"
          variant="default"
          fullWidth
          href={`/api/v1/sso/${encodeURIComponent(one.name)}/start?next=${encodeURIComponent(next())}`}
        >
          {t("app.sign_in.with", { name: one.title })}
        </Button>
      ))}
      <Anchor component="button" type="button" size="sm" onClick={() => setForgot(!forgot)} aria-expanded={forgot}>
        {t("app.password.forgot")}
      </Anchor>
      {forgot && (
        <p className="soft" style={{ margin: 0, fontSize: "0.875rem" }}>
          {t("app.password.forgot.text")}
        </p>
      )}
      <Enter />
    </Door>
  );
}

function SecondFactor(props: { onDone: () => void; factors: string[] }) {
  const form = useForm("/api/v1/session/second-factor");
  const [recovery, setRecovery] = useState(false);
  return (
    <Door title={t("app.sign_in.code.title")}>
      <form
        style={{ display: "grid", gap: 12 }}
        onSubmit={async (event) => {
          const { code = "" } = values(event);
          if (await form.submit(recovery ? { recovery_code: code } : { code })) props.onDone();
        }}
      >
        <TextInput
          key={String(recovery)}
          name="code"
          label={t(recovery ? "app.sign_in.recovery" : "app.sign_in.code")}
          autoComplete="one-time-code"
          inputMode={recovery ? "text" : "numeric"}
          required
          autoFocus
        />
        <Refused problem={form.problem} />
        <Button type="submit" loading={form.busy} fullWidth>
          {t("app.continue")}
        </Button>
      </form>
      {props.factors.includes("passkey") && <Passkey onDone={props.onDone} />}
      <Anchor component="button" type="button" size="sm" onClick={() => setRecovery(!recovery)}>
        {t(recovery ? "app.sign_in.use_code" : "app.sign_in.use_recovery")}
      </Anchor>
    </Door>
  );
}
