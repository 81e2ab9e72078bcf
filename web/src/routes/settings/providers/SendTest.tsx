import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, ask, Problem } from "@/lib/api";
import { t } from "@/lib/i18n";
import type { components } from "@/lib/schema";
import { Button, TextInput } from "@/ui/controls";
import { Panel } from "@/ui/Page";
import { failed } from "@/ui/toast";
import type { Account } from "./account";
import { Steps } from "./Steps";

type Test = components["schemas"]["TestView"];

const EXAMPLES: Record<string, string> = { email: "jo@example.org", sms: "+447400000301", push: "external_id:42" };
const FOLLOWED_MS = 120_000;

/** One message through this account alone, followed step by step in the provider's own words. */
export function SendTest({ account }: { account: Account }) {
  const [to, setTo] = useState("");
  const [busy, setBusy] = useState(false);
  const [sent, setSent] = useState<{ test: Test; at: number }>();
  const [problem, setProblem] = useState<Problem>();
  const test = useFollowed(account, sent);
  const send = async () => {
    setBusy(true);
    setProblem(undefined);
    try {
      const body = { to: to.trim(), text: t("provider.test.message") };
      const path = { provider: account.id };
      const found = await ask(api.POST("/api/v1/providers/{provider}/test", { params: { path }, body }));
      setSent({ test: found, at: Date.now() });
    } catch (error) {
      setSent(undefined);
      if (error instanceof Problem && error.status) setProblem(error);
      else failed(error);
    }
    setBusy(false);
  };
  return (
    <Panel title={t("provider.test")}>
      <form
        className="entry-row send-test"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          if (to.trim()) void send();
        }}
      >
        <TextInput
          label={t("provider.test.to")}
          description={t("provider.test.to.help")}
          placeholder={EXAMPLES[account.channel]}
          value={to}
          onChange={(event) => setTo(event.currentTarget.value)}
          error={problem && (problem.of("to") ?? problem.errors[0]?.message ?? problem.title)}
        />
        <Button type="submit" loading={busy} disabled={!to.trim()}>
          {t("provider.test.send")}
        </Button>
      </form>
      {test && (
        <Steps
          label={t("provider.test")}
          steps={test.steps.map((step) => ({
            key: step.name,
            title: t(`provider.test.${step.name}`),
            state: step.state,
            says: step.says,
            at: step.at,
          }))}
        />
      )}
    </Panel>
  );
}

/** Asked for again while something may still be reported. */
function useFollowed(account: Account, sent: { test: Test; at: number } | undefined): Test | undefined {
  const follow = useQuery({
    queryKey: ["provider-test", account.id, sent?.test.notification],
    enabled: sent !== undefined,
    initialData: sent?.test,
    staleTime: 0,
    queryFn: () =>
      ask(
        api.GET("/api/v1/providers/{provider}/tests/{notification}", {
          params: { path: { provider: account.id, notification: sent?.test.notification ?? "" } },
        }),
      ),
    refetchInterval: ({ state }) => {
      const waits = state.data?.steps.some((step) => step.state === "waiting");
      return waits && sent && Date.now() - sent.at < FOLLOWED_MS ? 1_000 : false;
    },
  });
  return sent && follow.data;
}
