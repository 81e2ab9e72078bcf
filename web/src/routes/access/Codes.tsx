import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, ask } from "@/lib/api";
import { t, tn } from "@/lib/i18n";
import type { components } from "@/lib/schema";
import { sessionQuery } from "@/lib/session";
import { Button, Modal } from "@/ui/controls";
import { Mark } from "@/ui/Mark";
import { done } from "@/ui/toast";
import { ME, type Mine } from "./me";
import { useProved } from "./prove";
import { RecoveryCodes } from "./RecoveryCodes";
import { TotpSetUp } from "./TotpSetUp";

type Begun = components["schemas"]["TotpBegun"];
type Step = { begun: Begun } | { codes: string[] } | { off: true };

/** Codes of an app: set up, taken away; the recovery codes for the day when the phone is lost. */
export function Codes({ me }: { me: Mine }) {
  const [step, setStep] = useState<Step>();
  const proved = useProved();
  const client = useQueryClient();
  const refresh = () => {
    for (const queryKey of [ME, sessionQuery.queryKey]) void client.invalidateQueries({ queryKey });
  };
  const begin = async () => {
    const begun = await proved.run(() => ask(api.POST("/api/v1/me/totp")));
    if (begun) setStep({ begun });
  };
  const renew = async () => {
    const answer = await proved.run(() => ask(api.POST("/api/v1/me/recovery-codes")));
    if (answer) setStep(answer);
    refresh();
  };
  const turnOff = async () => {
    const off = await proved.run(async () => {
      await ask(api.DELETE("/api/v1/me/totp"));
      return true;
    });
    if (!off) return;
    setStep(undefined);
    refresh();
    done(t("access.codes.turned_off"));
  };
  const on = me.colleague.has_totp;
  const last = me.needs_second_factor && me.colleague.passkeys === 0;
  const busy = proved.busy && !proved.proving;
  return (
    <>
      <div className="part-acts">
        <Mark tone={on ? "good" : "calm"}>{t(on ? "access.codes.on" : "access.codes.off")}</Mark>
        {on && <span className="soft small">{tn("access.codes.left", me.recovery_codes)}</span>}
      </div>
      <div className="part-acts">
        <Button variant="default" onClick={() => busy || void begin()}>
          {t(on ? "access.codes.replace" : "access.codes.set_up")}
        </Button>
        {on && (
          <>
            <Button variant="default" onClick={() => void renew()}>
              {t("access.codes.renew")}
            </Button>
            {!last && (
              <Button variant="subtle" className="grave" onClick={() => setStep({ off: true })}>
                {t("access.codes.turn_off")}
              </Button>
            )}
          </>
        )}
      </div>
      {on && last && <p className="soft small plain">{t("access.factors.needed")}</p>}
      {step && "begun" in step && (
        <TotpSetUp begun={step.begun} onClose={() => setStep(undefined)} onCodes={(codes) => setStep({ codes })} />
      )}
      {step && "codes" in step && (
        <RecoveryCodes
          codes={step.codes}
          email={me.colleague.email}
          onClose={() => {
            setStep(undefined);
            refresh();
          }}
        />
      )}
      <Modal
        opened={step !== undefined && "off" in step && !proved.proving}
        onClose={() => setStep(undefined)}
        title={t("access.codes.turn_off.title")}
      >
        <p className="plain">{t("access.codes.turn_off.text")}</p>
        <div className="ends">
          <Button variant="default" onClick={() => setStep(undefined)} data-autofocus>
            {t("app.cancel")}
          </Button>
          <Button color="red.9" loading={busy} onClick={() => void turnOff()}>
            {t("access.codes.turn_off")}
          </Button>
        </div>
      </Modal>
      {proved.dialog}
    </>
  );
}
