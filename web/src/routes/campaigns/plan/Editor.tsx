import { lazy, Suspense, useEffect } from "react";
import { t } from "@/lib/i18n";
import { sentence } from "@/lib/say";
import { useMay } from "@/lib/session";
import { useUrlState } from "@/lib/url";
import { Alert, Button, TextInput } from "@/ui/controls";
import { UndoRedo } from "@/ui/IconButton";
import { Page, Panel } from "@/ui/Page";
import { Saved, Waiting } from "@/ui/State";
import type { View } from "../campaign";
import { Audience } from "./Audience";
import { isWhole, type Plan, STEPS, type StepName } from "./plan";
import { StepList } from "./StepList";
import { Summary } from "./Summary";
import { type Planned, usePlan } from "./usePlan";

// Steps come when they are first gone to: the page does not wait for all of them.
const load = {
  message: () => import("./MessageStep"),
  channels: () => import("./ChannelsStep"),
  pilot: () => import("./PilotStep"),
  schedule: () => import("./ScheduleStep"),
  limits: () => import("./LimitsStep"),
  review: () => import("./Review"),
};
const MessageStep = lazy(load.message);
const ChannelsStep = lazy(load.channels);
const PilotStep = lazy(load.pilot);
const ScheduleStep = lazy(load.schedule);
const LimitsStep = lazy(load.limits);
const Review = lazy(load.review);

export type StepProps = {
  plan: Plan;
  change: (what: Partial<Plan>) => void;
  /** What the server says against a field. */
  flaw: (at: string) => string | undefined;
};

export function Editor(props: {
  campaign?: string;
  start: Plan;
  usual?: View["limits"];
  onMade?: (id: string) => void;
}) {
  const planned = usePlan(props.start, props.campaign, props.onMade);
  const [chosen, setStep] = useUrlState<string>("step", STEPS[0]);
  const step = STEPS.find((one) => one === chosen) ?? STEPS[0];
  const may = useMay("campaigns.write");
  const plan = planned.value;
  useEffect(() => {
    for (const one of Object.values(load)) void one();
  }, []);
  useEffect(() => {
    const here = document.querySelector<HTMLElement>(`.steps [data-step="${step}"]`);
    here?.scrollIntoView({ block: "nearest", inline: "center" });
  }, [step]);
  return (
    <Page
      title={planned.called || t("campaigns.new")}
      back={{ to: "/campaigns", label: t("campaigns.title") }}
      badge={
        isWhole(plan) ? (
          <Saved saving={planned.saving} retry={() => void planned.retry()} />
        ) : (
          <span className="soft small">{t("campaigns.plan.unkept")}</span>
        )
      }
      actions={may && <UndoRedo edited={planned} framed />}
    >
      <Refused planned={planned} />
      <div className="planner">
        <StepList plan={plan} flaws={planned.problem?.errors ?? []} step={step} onStep={setStep} />
        <fieldset disabled={!may} className="bare">
          <Panel title={t(`campaigns.step.${step}`)} className="step">
            <p className="soft lead">{t(`campaigns.step.${step}.text`)}</p>
            <Suspense fallback={<Waiting rows={3} height={64} />}>
              <Content step={step} planned={planned} usual={props.usual} onStep={setStep} />
            </Suspense>
          </Panel>
          <Steps step={step} onStep={setStep} />
        </fieldset>
        <Summary plan={plan} onStep={setStep} />
      </div>
    </Page>
  );
}

function Content(props: {
  step: StepName;
  planned: Planned;
  usual?: View["limits"];
  onStep: (step: StepName) => void;
}) {
  const { planned, step } = props;
  const change = (what: Partial<Plan>) => planned.change((before) => ({ ...before, ...what }));
  const given: StepProps = { plan: planned.value, change, flaw: (at) => planned.problem?.of(at) };
  switch (step) {
    case "audience":
      return (
        <div className="fields">
          <TextInput
            label={t("campaigns.name")}
            description={t("campaigns.name.help")}
            placeholder={planned.called || planned.value.message}
            value={planned.value.name}
            error={planned.problem?.of("name")}
            maxLength={200}
            onChange={(event) => change({ name: event.currentTarget.value })}
          />
          <Audience {...given} id={planned.id} />
        </div>
      );
    case "message":
      return <MessageStep {...given} />;
    case "channels":
      return <ChannelsStep {...given} />;
    case "pilot":
      return <PilotStep {...given} />;
    case "schedule":
      return <ScheduleStep {...given} />;
    case "limits":
      return <LimitsStep {...given} usual={props.usual} />;
    case "review":
      return <Review planned={planned} onStep={props.onStep} />;
  }
}

/** A problem that names no field of its own stands above all. */
function Refused({ planned }: { planned: Planned }) {
  const { problem, saving } = planned;
  if (!problem || saving !== "failed") return null;
  return (
    <Alert
      color="red"
      variant="light"
      role="alert"
      title={sentence(problem)}
      mb={16}
      styles={{ title: { color: "inherit" } }}
    >
      {problem.errors.map((flaw) => flaw.message).join(" ") || t("campaigns.plan.not_kept")}
    </Alert>
  );
}

function Steps(props: { step: StepName; onStep: (step: StepName) => void }) {
  const at = STEPS.indexOf(props.step);
  const before = STEPS[at - 1];
  const after = STEPS[at + 1];
  return (
    <div className="pair" style={{ marginTop: 16 }}>
      {before ? (
        <Button variant="default" onClick={() => props.onStep(before)}>
          {t("campaigns.step_back", { step: t(`campaigns.step.${before}`) })}
        </Button>
      ) : (
        <span />
      )}
      {after && (
        <Button onClick={() => props.onStep(after)}>
          {t("campaigns.step_next", { step: t(`campaigns.step.${after}`) })}
        </Button>
      )}
    </div>
  );
}
