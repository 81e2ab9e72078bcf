import { useState } from "react";
import { api, ask } from "@/lib/api";
import { t } from "@/lib/i18n";
import { Anchor, Button, TextInput } from "@/ui/controls";
import { Door, Refused, useForm, values } from "./Door";
import { Once } from "./Once";

/** The way to a new password: the same words for every address, so nobody learns who works here. */
export function Forgot(props: { onBack: () => void }) {
  const form = useForm((body: { email: string }) => ask(api.POST("/api/v1/password/forgot", { body })));
  const [told, setTold] = useState<{ email: string; mailed: boolean }>();
  return (
    <Door title={t("app.password.forgot")} text={told ? undefined : t("app.password.forgot.ask")}>
      {told ? (
        <div role="status" className="fields">
          <p className="plain">{t(told.mailed ? "app.password.forgot.mailed" : "app.password.forgot.text")}</p>
          {!told.mailed && (
            <Once label={t("app.password.forgot.command")} value={`antiphon staff link ${told.email}`} />
          )}
        </div>
      ) : (
        <form
          className="fields"
          onSubmit={async (event) => {
            const given = values(event, "email");
            const answer = await form.submit(given);
            if (answer) setTold({ ...given, mailed: answer.mailed });
          }}
        >
          <TextInput
            name="email"
            type="email"
            label={t("app.email")}
            autoComplete="username"
            required
            withAsterisk={false}
            autoFocus
            error={form.problem?.of("email")}
          />
          <Refused form={form} fields={["email"]} />
          <Button type="submit" loading={form.busy} disabled={form.wait > 0} fullWidth>
            {t("app.continue")}
          </Button>
        </form>
      )}
      <Anchor component="button" type="button" size="sm" onClick={props.onBack} style={{ justifySelf: "start" }}>
        {t("app.password.back")}
      </Anchor>
    </Door>
  );
}
