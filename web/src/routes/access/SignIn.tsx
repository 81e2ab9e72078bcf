import { useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useState } from "react";
import { api, ask } from "@/lib/api";
import { loadWords, say, t } from "@/lib/i18n";
import { queryClient } from "@/lib/query";
import { type Session, sessionQuery, useSession } from "@/lib/session";
import { Alert, Anchor, Button, Divider, TextInput } from "@/ui/controls";
import { Password } from "@/ui/Password";
import { Closed, Door, Refused, useForm, values } from "./Door";
import { Enter } from "./Enter";
import { admit, next } from "./entering";
import { Forgot } from "./Forgot";
import { Passkey } from "./Passkey";
import { SecondFactor } from "./SecondFactor";

// Seldom, and with the words of the account: loaded when it is asked for.
const Enrol = lazy(async () => (await Promise.all([import("./Enrol"), loadWords("access")]))[0]);

const again = async () => admit(await queryClient.fetchQuery({ ...sessionQuery, staleTime: 0 }));

export default function SignIn() {
  const session = useSession();
  const navigate = useNavigate();
  const [step, setStep] = useState<"first" | "forgot" | "late">("first");
  const [enrolling, setEnrolling] = useState(false); // until the recovery codes are kept, though already signed in
  useEffect(() => {
    if (session?.state === "enrol") setEnrolling(true);
    if (session?.state === "signed_out") setEnrolling(false);
    if (session?.state === "signed_in" && !enrolling) admit(session);
    if (session?.state === "setup") void navigate({ to: "/welcome", replace: true });
  }, [session, navigate, enrolling]);
  if (session?.state === "enrol" || (enrolling && session?.state === "signed_in"))
    return (
      <Suspense fallback={<Closed title={t("app.sign_in")} fields={2} />}>
        <Enrol session={session} onDone={again} />
      </Suspense>
    );
  if (!session || session.state === "signed_in" || session.state === "setup")
    return <Closed title={t("app.sign_in")} fields={2} />;
  if (session.state === "second_factor")
    return <SecondFactor factors={session.second_factors} onDone={again} onLate={() => setStep("late")} />;
  if (step === "forgot") return <Forgot onBack={() => setStep("first")} />;
  return <First session={session} late={step === "late"} onForgot={() => setStep("forgot")} />;
}

function First(props: { session: Session; late: boolean; onForgot: () => void }) {
  const form = useForm((body: { email: string; password: string }) => ask(api.POST("/api/v1/session", { body })));
  return (
    <Door title={t("app.sign_in")} text={props.session.company || undefined}>
      <Why late={props.late} />
      <form
        className="fields"
        onSubmit={async (event) => {
          const answer = await form.submit(values(event, "email", "password"));
          if (answer) admit(answer);
        }}
      >
        <TextInput
          name="email"
          type="email"
          label={t("app.email")}
          autoComplete="username webauthn"
          required
          withAsterisk={false}
          autoFocus
        />
        <Password
          name="password"
          label={t("app.password")}
          autoComplete="current-password"
          required
          withAsterisk={false}
        />
        <Refused form={form} />
        <Button type="submit" loading={form.busy} disabled={form.wait > 0} fullWidth>
          {t("app.sign_in")}
        </Button>
        <Anchor component="button" type="button" size="sm" onClick={props.onForgot} style={{ justifySelf: "start" }}>
          {t("app.password.forgot")}
        </Anchor>
      </form>
      <Others session={props.session} />
      <Enter session={props.session} />
    </Door>
  );
}

/** The ways in without a password. */
function Others({ session }: { session: Session }) {
  return (
    <>
      {session.sso.length > 0 && <Divider label={t("app.sign_in.or")} />}
      <Passkey onDone={() => void again()} autofill />
      {session.sso.map((one) => (
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
    </>
  );
}

/** Why somebody is here again: what single sign-on said, or that the step before took too long. */
function Why({ late }: { late: boolean }) {
  const problem = new URLSearchParams(location.search).get("problem");
  if (!late && !problem) return null;
  const known = problem && /^[a-z_]{1,40}$/.test(problem) ? problem : "provider";
  return (
    <Alert color="red" variant="light" role="alert" styles={{ message: { color: "inherit" } }}>
      {late ? t("app.sign_in.late") : say(`app.sign_in.problem.${known}`, t("app.sign_in.problem.provider"))}
    </Alert>
  );
}
