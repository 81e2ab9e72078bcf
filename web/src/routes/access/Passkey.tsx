import { IconKey } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import { Problem } from "@/lib/api";
import { t } from "@/lib/i18n";
import { Button } from "@/ui/controls";
import { Failed } from "@/ui/State";
import { passkeysWork, sign } from "./webauthn";

const ANEW_MS = 240_000; // a question is good for five minutes

/** Signs in with what the device knows: nothing is typed. Shown where it can work.
 *  `autofill`: the browser also offers it at the field that says `webauthn`. */
export function Passkey(props: { onDone: () => void; autofill?: boolean; label?: string }) {
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const offered = useOffer(props.autofill ?? false, props.onDone);
  if (!passkeysWork()) return null;
  const act = async () => {
    offered.stop();
    setProblem(undefined);
    setBusy(true);
    try {
      if (await sign()) props.onDone();
    } catch (error) {
      setProblem(error instanceof Problem ? error : new Problem(0, "unknown", ""));
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <Button
        variant="default"
        fullWidth
        loading={busy}
        leftSection={<IconKey size={18} aria-hidden />}
        onClick={() => void act()}
      >
        {props.label ?? t("app.sign_in.passkey")}
      </Button>
      {problem && <Failed error={problem} />}
    </>
  );
}

function useOffer(wanted: boolean, onDone: () => void) {
  const running = useRef<AbortController>(undefined);
  const done = useRef(onDone);
  done.current = onDone;
  useEffect(() => {
    if (!wanted || !passkeysWork()) return;
    const offer = async () => {
      if (!(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
      running.current?.abort();
      const controller = new AbortController();
      running.current = controller;
      // What goes wrong here was not asked for: the button says it.
      if (await sign({ autofill: true, signal: controller.signal }).catch(() => false)) done.current();
    };
    void offer();
    const timer = setInterval(() => void offer(), ANEW_MS);
    return () => {
      clearInterval(timer);
      running.current?.abort();
    };
  }, [wanted]);
  return { stop: () => running.current?.abort() };
}
