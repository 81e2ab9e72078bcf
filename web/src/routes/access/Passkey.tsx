import { IconKey } from "@tabler/icons-react";
import { useState } from "react";
import { Problem, send } from "@/lib/api";
import { t } from "@/lib/i18n";
import { Button } from "@/ui/controls";
import { Refused } from "./Door";

type Json = Record<string, unknown>;

export async function post(path: string, body: object = {}): Promise<Json> {
  const answer = await send(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return answer.status === 204 ? {} : await answer.json();
}

/** Signs in with what the device knows: nothing is typed. Shown where the browser can do it. */
export function Passkey(props: { onDone: () => void }) {
  const [problem, setProblem] = useState<Problem>();
  if (!window.PublicKeyCredential?.parseRequestOptionsFromJSON) return null;
  const sign = async () => {
    setProblem(undefined);
    try {
      const { options, ...begun } = await post("/api/v1/session/passkey/options");
      const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(
        options as PublicKeyCredentialRequestOptionsJSON,
      );
      const credential = (await navigator.credentials.get({ publicKey })) as PublicKeyCredential | null;
      if (!credential) return;
      await post("/api/v1/session/passkey", { ...begun, credential: credential.toJSON() });
      props.onDone();
    } catch (error) {
      if (error instanceof Problem) setProblem(error); // else: closed by whoever was asked
    }
  };
  return (
    <>
      <Button variant="default" fullWidth leftSection={<IconKey size={18} aria-hidden />} onClick={() => void sign()}>
        {t("app.sign_in.passkey")}
      </Button>
      <Refused problem={problem} />
    </>
  );
}
