import { useState } from "react";
import { api, ask } from "@/lib/api";
import { t } from "@/lib/i18n";
import { queryClient } from "@/lib/query";
import { sessionQuery } from "@/lib/session";
import { Alert, Anchor, Button, TextInput } from "@/ui/controls";
import { Door, Refused, useForm, values } from "./Door";
import { admit } from "./entering";
import { Passkey } from "./Passkey";
import { passkeysWork } from "./webauthn";

type Props = { onDone: () => unknown; onLate: () => void; factors: string[] };

/** The step after the password. Six digits are sent as soon as they stand there. */
export function SecondFactor(props: Props) {
  const form = useForm((body: { code: string }) => ask(api.POST("/api/v1/session/second-factor", { body })));
  const typed = props.factors.includes("totp");
  const [recovery, setRecovery] = useState(false);
  const give = async (code: string) => {
    const answer = await form.submit({ code });
    if (answer) admit(answer);
  };
  const late = form.problem?.code === "unauthorised";
  if (late) props.onLate();
  return (
    <Door
      title={t("app.sign_in.code.title")}
      text={t(!typed ? "app.sign_in.passkey.text" : recovery ? "app.sign_in.recovery.text" : "app.sign_in.code.text")}
    >
      {typed && (
        <form
          className="fields"
          onSubmit={(event) => {
            const { code } = values(event, "code");
            void give(code.trim());
          }}
        >
          <TextInput
            key={String(recovery)}
            name="code"
            label={t(recovery ? "app.sign_in.recovery" : "app.sign_in.code")}
            autoComplete="one-time-code"
            inputMode={recovery ? "text" : "numeric"}
            spellCheck={false}
            required
            withAsterisk={false}
            autoFocus
            onChange={(event) => {
              const field = event.currentTarget;
              if (!recovery && !form.busy && /^\s*\d{3}\s*\d{3}\s*$/.test(field.value)) field.form?.requestSubmit();
            }}
          />
          <Refused form={form} />
          <Button type="submit" loading={form.busy} disabled={form.wait > 0} fullWidth>
            {t("app.continue")}
          </Button>
        </form>
      )}
      {props.factors.includes("passkey") && <Passkey onDone={props.onDone} />}
      {!typed && !passkeysWork() && (
        <Alert color="yellow" variant="light">
          {t("app.sign_in.passkey.needs_domain")}
        </Alert>
      )}
      <div className="door-ways">
        {typed && (
          <Anchor component="button" type="button" size="sm" onClick={() => setRecovery(!recovery)}>
            {t(recovery ? "app.sign_in.use_code" : "app.sign_in.use_recovery")}
          </Anchor>
        )}
        <Anchor component="button" type="button" size="sm" onClick={() => void anew()}>
          {t("app.sign_in.anew")}
        </Anchor>
      </div>
    </Door>
  );
}

async function anew(): Promise<void> {
  await ask(api.DELETE("/api/v1/session"));
  await queryClient.invalidateQueries({ queryKey: sessionQuery.queryKey });
}
