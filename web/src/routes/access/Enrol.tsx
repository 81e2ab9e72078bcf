import { type ReactNode, useState } from "react";
import { api, ask } from "@/lib/api";
import { t } from "@/lib/i18n";
import { queryClient } from "@/lib/query";
import type { components } from "@/lib/schema";
import { type Session, sessionQuery } from "@/lib/session";
import { Anchor, Button } from "@/ui/controls";
import { Failed } from "@/ui/State";
import { Door } from "./Door";
import { AddPasskey } from "./PasskeyAdd";
import { useProved } from "./prove";
import { RecoveryCodes } from "./RecoveryCodes";
import { TotpSetUp } from "./TotpSetUp";
import { passkeysWork } from "./webauthn";

type Step = { begun: components["schemas"]["TotpBegun"] } | { codes: string[] };

/** The password was right, and a second factor is demanded of somebody who has none: it is set up here, once. */
export default function Enrol(props: { session: Session; onDone: () => unknown }) {
  const [step, setStep] = useState<Step>();
  const proved = useProved({ quiet: true });
  const begin = async () => {
    const begun = await proved.run(() => ask(api.POST("/api/v1/me/totp")));
    if (begun) setStep({ begun });
    else void queryClient.invalidateQueries({ queryKey: sessionQuery.queryKey }); // too late: back to the password
  };
  return (
    <Door title={t("access.enrol.title")} text={t("access.enrol.text")}>
      {passkeysWork() && (
        <Way title={t("access.enrol.passkey")} text={t("access.enrol.passkey.text")}>
          <AddPasskey proved={proved} onAdded={props.onDone} />
        </Way>
      )}
      <Way title={t("access.enrol.codes")} text={t("access.enrol.codes.text")}>
        <Button variant="default" loading={proved.busy} onClick={() => void begin()}>
          {t("access.enrol.codes.set_up")}
        </Button>
      </Way>
      {proved.problem && <Failed error={proved.problem} />}
      <Anchor component="button" type="button" size="sm" onClick={() => void anew()} style={{ justifySelf: "start" }}>
        {t("app.sign_in.anew")}
      </Anchor>
      {step && "begun" in step && (
        <TotpSetUp begun={step.begun} onClose={() => setStep(undefined)} onCodes={(codes) => setStep({ codes })} />
      )}
      {step && "codes" in step && (
        <RecoveryCodes codes={step.codes} email={props.session.colleague?.email ?? ""} onClose={props.onDone} />
      )}
    </Door>
  );
}

function Way(props: { title: string; text: string; children: ReactNode }) {
  return (
    <section className="door-way" aria-label={props.title}>
      <h2>{props.title}</h2>
      <p className="soft plain small">{props.text}</p>
      <div>{props.children}</div>
    </section>
  );
}

async function anew(): Promise<void> {
  await ask(api.DELETE("/api/v1/session"));
  await queryClient.invalidateQueries({ queryKey: sessionQuery.queryKey });
}
