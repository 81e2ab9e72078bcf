import { api, ask } from "@/lib/api";

/** Whether passkeys can work here: browsers keep them for a domain, and an IP address is none (WebAuthn 5.1.2). */
export const passkeysWork = (): boolean =>
  window.isSecureContext &&
  !!window.PublicKeyCredential?.parseRequestOptionsFromJSON &&
  !/^[\d.]+$|^\[/.test(location.hostname);

/** Signs with a passkey of this device. False: whoever was asked closed the question. Throws a `Problem`. */
export async function sign(how: { autofill?: boolean; signal?: AbortSignal } = {}): Promise<boolean> {
  const { options } = await ask(api.POST("/api/v1/session/passkey/options"));
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  const mediation = how.autofill ? "conditional" : "optional";
  const credential = await asked(() => navigator.credentials.get({ publicKey, mediation, signal: how.signal }));
  if (!(credential instanceof PublicKeyCredential)) return false;
  await ask(api.POST("/api/v1/session/passkey", { body: { credential: credential.toJSON() } }));
  return true;
}

type Making = { rp: object; challenge: string };

/** Makes one on this device; undefined when whoever was asked closed the question. */
export async function create(options: Making): Promise<PublicKeyCredential | undefined> {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options as PublicKeyCredentialCreationOptionsJSON);
  const made = await asked(() => navigator.credentials.create({ publicKey }));
  return made instanceof PublicKeyCredential ? made : undefined;
}

/** null where the question was closed, stopped or could not be asked; browsers do not tell them apart. */
async function asked<T>(ask: () => Promise<T>): Promise<T | null> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof DOMException) return null;
    throw error;
  }
}
