import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { api, ask } from "@/lib/api";
import { list, money, number, span, time } from "@/lib/format";
import { t, tn } from "@/lib/i18n";
import { channelName } from "@/ui/Channel";
import { Button, Modal } from "@/ui/controls";
import { Failed } from "@/ui/State";
import type { DryRun } from "../campaign";
import type { Planned } from "./usePlan";

/** It leaves the building: asked once, with how many people get it. */
export function Launch(props: { opened: boolean; run: DryRun; planned: Planned; onClose: () => void }) {
  const { run, planned } = props;
  const client = useQueryClient();
  const navigate = useNavigate();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const campaign = planned.id ?? "";
  const plan = planned.value;
  const launch = async () => {
    setBusy(true);
    try {
      // A plan that was not made here may say nothing of the time to take it back.
      const body = { recall_s: plan.recall_s };
      await ask(api.PATCH("/api/v1/campaigns/{campaign}", { params: { path: { campaign } }, body }));
      await ask(api.POST("/api/v1/campaigns/{campaign}/{act}", { params: { path: { campaign, act: "launch" } } }));
      await client.invalidateQueries({ queryKey: ["campaigns"], refetchType: "none" });
      await navigate({ to: "/campaigns/$campaign", params: { campaign }, replace: true });
    } catch (problem) {
      setError(problem);
      setBusy(false);
    }
  };
  const n = run.pilot ?? run.told;
  return (
    <Modal opened={props.opened} onClose={props.onClose} title={tn("campaigns.launch.ask", n)}>
      <div className="fields">
        <p style={{ margin: 0 }}>
          {t("campaigns.launch.text", {
            name: planned.called,
            channels: list(plan.channels.map(channelName)),
            cost: money(run.pilot === null || !run.told ? run.cost : (run.cost * run.pilot) / run.told),
          })}{" "}
          {run.pilot !== null && t("campaigns.launch.pilot", { n: number(run.told - run.pilot) })}
        </p>
        <p className="soft" style={{ margin: 0 }}>
          {plan.start === "now" || plan.start === "best"
            ? t("campaigns.launch.recall", { span: span(plan.recall_s) })
            : t("campaigns.launch.later", { at: time(run.starts_at) })}
        </p>
        {error !== undefined && <Failed error={error} />}
        <div className="pair">
          <Button variant="default" onClick={props.onClose}>
            {t("app.cancel")}
          </Button>
          <Button loading={busy} onClick={() => void launch()} data-autofocus>
            {tn("campaigns.launch.button", n)}
          </Button>
        </div>
      </div>
    </Modal>
  );
}
