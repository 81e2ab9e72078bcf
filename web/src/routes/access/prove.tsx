import { type FormEvent, type ReactNode, useCallback, useState } from "react";
import { api, ask, Problem } from "@/lib/api";
import { t } from "@/lib/i18n";
import { queryClient } from "@/lib/query";
import { sessionQuery, useSession } from "@/lib/session";
import { Button, TextInput } from "@/ui/controls";
import { failed } from "@/ui/toast";
import { Dialog } from "./Dialog";
import { Refused, useForm, values } from "./Door";
import { Passkey } from "./Passkey";
import "./access.css";
import { Password } from "@/ui/Password";

export type Proved = {
  /** Does it; asks for a proof first where the server wants one. undefined: refused, or given up. Never throws. */
  run: <T>(act: () => Promise<T>) => Promise<T | undefined>;
  busy: boolean;
  problem: Problem | undefined;
  /** Whether the question is open: whatever lies under it must not close by Escape. */
  proving: boolean;
  /** Stands anywhere in what is shown. */
  dialog: ReactNode;
};

type Asking = { answer: (proved: boolean) => void };

/** For what is grave: a 403 `prove_again` opens a dialog for the password or a passkey, then what was wanted is repeated.
 *  What is refused is said by a toast; with `quiet`, whoever asks shows `problem`. */
export function useProved(how: { quiet?: boolean } = {}): Proved {
  const [asking, setAsking] = useState<Asking>();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const quiet = how.quiet ?? false;
  const run = useCallback(
    async <T,>(act: () => Promise<T>): Promise<T | undefined> => {
      setBusy(true);
      setProblem(undefined);
      try {
        for (;;) {
          const tried = await attempt(act);
          if (!tried.again) return tried.result;
          const proved = await new Promise<boolean>((answer) => setAsking({ answer }));
          setAsking(undefined);
          if (!proved) return undefined;
        }
      } catch (error) {
        setProblem(error instanceof Problem ? error : new Problem(0, "unknown", ""));
        if (!quiet) failed(error);
        return undefined;
      } finally {
        setBusy(false);
      }
    },
    [quiet],
  );
  const dialog = asking ? <Prove answer={asking.answer} /> : null;
  return { run, busy, problem, proving: asking !== undefined, dialog };
}

type Tried<T> = { again: true } | { again: false; result: T };

async function attempt<T>(act: () => Promise<T>): Promise<Tried<T>> {
  try {
    return { again: false, result: await act() };
  } catch (error) {
    if (error instanceof Problem && error.code === "prove_again") return { again: true };
    throw error;
  }
}

function Prove(props: { answer: (proved: boolean) => void }) {
  const session = useSession();
  const proofs = session?.proofs ?? [];
  const [told, setTold] = useState(false);
  const give = (proved: boolean) => {
    if (told) return;
    setTold(true);
    props.answer(proved);
  };
  const typed = proofs.find((one) => one === "password" || one === "totp");
  return (
    <Dialog onClose={() => give(false)} title={t("access.prove.title")} zIndex={300}>
      <div className="fields">
        <p className="soft plain">{t(proofs.length ? "access.prove.text" : "access.prove.none")}</p>
        {typed && <Typed kind={typed} onDone={() => give(true)} />}
        {proofs.includes("passkey") && <Passkey onDone={() => give(true)} label={t("access.prove.passkey")} />}
        {proofs.length === 0 && session?.sso.map((one) => <Elsewhere key={one.name} {...one} />)}
        {proofs.length === 0 && !session?.sso.length && (
          <Button fullWidth onClick={() => void signInAnew()}>
            {t("access.prove.anew")}
          </Button>
        )}
      </div>
    </Dialog>
  );
}

function Typed(props: { kind: "password" | "totp"; onDone: () => void }) {
  const form = useForm((body: { password?: string; code?: string }) =>
    ask(api.POST("/api/v1/session/prove", { body })),
  );
  const give = async (event: FormEvent<HTMLFormElement>) => {
    const given = values(event, "proof").proof;
    const body = props.kind === "password" ? { password: given } : { code: given.trim() };
    if (await form.submit(body)) props.onDone();
  };
  return (
    <form className="fields" onSubmit={(event) => void give(event)}>
      {props.kind === "password" ? (
        <Password
          name="proof"
          label={t("app.password")}
          autoComplete="current-password"
          required
          withAsterisk={false}
          data-autofocus
        />
      ) : (
        <TextInput
          name="proof"
          label={t("access.prove.code")}
          autoComplete="one-time-code"
          required
          withAsterisk={false}
          data-autofocus
        />
      )}
      <Refused form={form} />
      <Button type="submit" loading={form.busy} disabled={form.wait > 0} fullWidth>
        {t("app.continue")}
      </Button>
    </form>
  );
}

/** At the provider, which is told to ask anew; the way leads back to this page. */
function Elsewhere(props: { name: string; title: string }) {
  const back = encodeURIComponent(location.pathname + location.search);
  const href = `/api/v1/sso/${encodeURIComponent(props.name)}/start?again=true&next=${back}`;
  return (
    <Button component="a" variant="default" fullWidth href={href}>
      {t("access.prove.sso", { name: props.title })}
    </Button>
  );
}

/** For whoever has neither password nor passkey here: the way in that they came by. The shell leads there and back. */
async function signInAnew(): Promise<void> {
  await ask(api.DELETE("/api/v1/session"));
  await queryClient.invalidateQueries({ queryKey: sessionQuery.queryKey });
}
