import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect } from "react";
import { api, ask } from "@/lib/api";
import { t } from "@/lib/i18n";
import type { Session } from "@/lib/session";
import { Alert, Button, TextInput } from "@/ui/controls";
import { Failed } from "@/ui/State";
import { Closed, Door, Refused, useForm, values } from "./Door";
import { Enter } from "./Enter";
import { admit } from "./entering";
import { NewPassword } from "./NewPassword";

const FIELDS = ["company", "name", "email", "password"] as const;

/** The first page of a new installation: it makes the owner. `?token=` stands in the link that is printed at the start. */
export default function Welcome() {
  const token = new URLSearchParams(location.search).get("token") ?? undefined;
  const navigate = useNavigate();
  const query = useQuery({
    queryKey: ["welcome", token],
    queryFn: () => ask(api.GET("/api/v1/session", { params: { query: { token } } })),
  });
  const state = query.data?.state;
  useEffect(() => {
    if (state && state !== "setup") void navigate({ to: state === "signed_in" ? "/" : "/sign-in", replace: true });
  }, [state, navigate]);
  if (query.error)
    return (
      <Door title={t("app.setup.title")}>
        <Failed error={query.error} retry={() => void query.refetch()} />
      </Door>
    );
  if (!query.data || state !== "setup") return <Closed title={t("app.setup.title")} fields={4} />;
  return <First session={query.data} token={token} />;
}

function First({ session, token }: { session: Session; token: string | undefined }) {
  const form = useForm((body: Record<(typeof FIELDS)[number], string>) =>
    ask(api.POST("/api/v1/setup", { body: { ...body, company: body.company || undefined, token } })),
  );
  return (
    <Door title={t("app.setup.title")} text={t("app.setup.text")}>
      {session.may_set_up ? (
        <form
          className="fields"
          onSubmit={async (event) => {
            const answer = await form.submit(values(event, ...FIELDS));
            if (answer) admit(answer);
          }}
        >
          <TextInput
            name="company"
            label={t("app.setup.company")}
            description={t("app.setup.company.hint")}
            autoComplete="organization"
            error={form.problem?.of("company")}
            autoFocus
          />
          <TextInput
            name="name"
            label={t("app.invitation.name")}
            autoComplete="name"
            required
            withAsterisk={false}
            error={form.problem?.of("name")}
          />
          <TextInput
            name="email"
            type="email"
            label={t("app.email")}
            autoComplete="username"
            required
            withAsterisk={false}
            error={form.problem?.of("email")}
          />
          <NewPassword label={t("app.password.choose")} error={form.problem?.of("password")} />
          <Refused form={form} fields={[...FIELDS]} />
          <Button type="submit" loading={form.busy} fullWidth>
            {t("app.setup.begin")}
          </Button>
        </form>
      ) : (
        <Alert color="yellow">{t("app.setup.locked")}</Alert>
      )}
      <Enter session={session} />
    </Door>
  );
}
