import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, ask } from "@/lib/api";
import { day, hour, money, number, percent, span, time } from "@/lib/format";
import { t, tn } from "@/lib/i18n";
import { useMay } from "@/lib/session";
import { Bars } from "@/ui/Bars";
import { Channel } from "@/ui/Channel";
import { Alert, Button } from "@/ui/controls";
import { Failed, Waiting } from "@/ui/State";
import type { DryRun } from "../campaign";
import { KeyFacts } from "../KeyFacts";
import { Launch } from "./Launch";
import { Lint } from "./Lint";
import { Parts } from "./Parts";
import { isOpen, isWhole, STEPS, type StepName } from "./plan";
import type { Planned } from "./usePlan";

/** The dry run: who would get it, on what, when, at what cost; who would not, and why. Then it can go. */
export default function Review(props: { planned: Planned; onStep: (step: StepName) => void }) {
  const { planned } = props;
  const plan = planned.value;
  const open = STEPS.filter((step) => isOpen(plan, step));
  const ready = isWhole(plan) && planned.saving === "saved" && planned.id !== undefined;
  const query = useQuery({
    queryKey: ["campaigns", "dry-run", planned.id, planned.kept],
    queryFn: () =>
      ask(
        api.POST("/api/v1/campaigns/{campaign}/dry-run", {
          params: { path: { campaign: planned.id ?? "" } },
          body: { limit: LOOKED_AT },
        }),
      ),
    enabled: ready,
    staleTime: 30_000,
  });
  if (open.length)
    return (
      <div className="fields">
        <p style={{ margin: 0 }}>{t("campaigns.review.open")}</p>
        <div className="pair" style={{ justifyContent: "start" }}>
          {open.map((step) => (
            <Button key={step} variant="default" onClick={() => props.onStep(step)}>
              {t(`campaigns.step.${step}`)}
            </Button>
          ))}
        </div>
      </div>
    );
  if (query.error) return <Failed error={query.error} retry={() => void query.refetch()} />;
  if (!query.data)
    return (
      <>
        <p className="soft" role="status">
          {t("campaigns.review.busy")}
        </p>
        <Waiting rows={4} height={72} />
      </>
    );
  return <Found run={query.data} planned={planned} />;
}

const LOOKED_AT = 20_000;
const HOURS_SHOWN = 24;

function Found({ run, planned }: { run: DryRun; planned: Planned }) {
  const [asking, setAsking] = useState(false);
  const may = useMay("campaigns.launch");
  const channels = run.channels.map((part) => ({
    key: part.name,
    label: <Channel name={part.name} />,
    value: part.n,
    channel: part.name,
    note: money(part.cost),
  }));
  return (
    <div className="fields">
      <Key run={run} />
      {!run.exact && (
        <p className="soft small" style={{ margin: 0 }}>
          {t("campaigns.review.sample", { n: number(run.looked_at), margin: percent(run.margin) })}
        </p>
      )}
      {run.cost_share !== null && run.cost_share > 1 && (
        <Alert color="yellow" variant="light" styles={{ message: { color: "inherit" } }}>
          {t("campaigns.review.over_budget", { share: percent(run.cost_share) })}
        </Alert>
      )}
      {channels.length > 0 && (
        <section>
          <h3>{t("campaigns.review.at_once")}</h3>
          <Bars label={t("campaigns.review.at_once")} bars={channels} most={Math.max(1, run.people)} />
        </section>
      )}
      <Parts title={t("campaigns.review.later")} parts={run.later} people={run.people} />
      {run.hours.length > 1 && (
        <section>
          <h3>{t("campaigns.review.when")}</h3>
          <Bars
            label={t("campaigns.review.when")}
            bars={run.hours.slice(0, HOURS_SHOWN).map((one) => ({ key: one.at, label: time(one.at), value: one.n }))}
          />
        </section>
      )}
      <Parts title={t("campaigns.review.not")} parts={run.not_told} people={run.people} open />
      <Lint message={planned.value.message} />
      <div className="pair">
        <span className="soft small">{may ? "" : t("campaigns.launch.may_not")}</span>
        <Button size="md" disabled={!may || run.told === 0} onClick={() => setAsking(true)}>
          {tn("campaigns.launch.button", run.pilot ?? run.told)}
        </Button>
      </div>
      <Launch opened={asking} run={run} planned={planned} onClose={() => setAsking(false)} />
    </div>
  );
}

function Key({ run }: { run: DryRun }) {
  const facts: [string, string, string][] = [
    [
      t("campaigns.review.told"),
      number(run.told),
      t("campaigns.review.told_of", { of: number(run.people), share: percent(run.people ? run.told / run.people : 0) }),
    ],
    [
      t("campaigns.cost"),
      money(run.cost),
      run.told ? t("campaigns.review.each", { cost: money(run.cost / run.told) }) : "",
    ],
    [
      t("campaigns.review.starts"),
      hour(run.starts_at),
      [day(run.starts_at), run.minutes !== null && t("campaigns.review.takes", { span: span(60 * run.minutes) })]
        .filter(Boolean)
        .join(", "),
    ],
  ];
  if (run.pilot !== null)
    facts.splice(1, 0, [
      t("campaigns.step.pilot"),
      number(run.pilot),
      t("campaigns.review.rest_waits", { n: number(run.told - run.pilot) }),
    ]);
  return <KeyFacts facts={facts} />;
}
