import { useState } from "react";
import { type Answer, api, ask } from "@/lib/api";
import { t } from "@/lib/i18n";
import { useMay } from "@/lib/session";
import { Alert, Button } from "@/ui/controls";
import { useProved } from "../access/prove";

type Checked = Answer<"/api/v1/sso/{name}/check", "post">;

/** Asks the provider now, and says what it found wrong. */
export function SingleSignOnCheck({ name }: { name: string }) {
  const [answer, setAnswer] = useState<Checked>();
  const proved = useProved();
  const check = async () => {
    setAnswer(undefined);
    setAnswer(await proved.run(() => ask(api.POST("/api/v1/sso/{name}/check", { params: { path: { name } } }))));
  };
  if (!useMay("team.write")) return null;
  return (
    <section className="panel fields" aria-label={t("sso.check")}>
      <div className="part-acts">
        <Button variant="default" loading={proved.busy && !proved.proving} onClick={() => void check()}>
          {t("sso.check")}
        </Button>
      </div>
      <div role="status">
        {answer && (
          <Alert
            color={answer.works ? "green" : "red"}
            variant="light"
            title={answer.works ? undefined : t("sso.check.bad")}
            styles={{ title: { color: "inherit" } }}
          >
            {answer.works ? (
              t("sso.check.good")
            ) : (
              <ul className="flaws">
                {answer.problems.map((problem) => (
                  <li key={problem}>{problem}</li>
                ))}
              </ul>
            )}
          </Alert>
        )}
      </div>
      {proved.dialog}
    </section>
  );
}
