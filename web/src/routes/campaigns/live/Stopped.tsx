import { IconHandStop } from "@tabler/icons-react";
import { useState } from "react";
import { api, ask } from "@/lib/api";
import { useChange } from "@/lib/change";
import { money, percent, time } from "@/lib/format";
import { t } from "@/lib/i18n";
import { channelName } from "@/ui/Channel";
import { Alert, Button } from "@/ui/controls";
import { MoneyInput } from "@/ui/MoneyInput";
import { type Figures, keyOf } from "../campaign";

/** It stopped by itself: why, since when, and what to do about it. */
export default function Stopped(props: { figures: Figures; campaign: string; may: boolean }) {
  const { stopped } = props.figures;
  if (!stopped) return null;
  const { reason, channel, share, limit, at } = stopped;
  const why =
    reason === "budget"
      ? t("campaigns.stopped.budget", { amount: money(limit ?? 0) })
      : t(`campaigns.stopped.${reason}`, {
          channel: channelName(channel ?? ""),
          share: percent(share, 1),
          limit: percent(limit, 1),
        });
  return (
    <Alert
      color="red"
      variant="light"
      icon={<IconHandStop size={20} aria-hidden />}
      title={t("campaigns.stopped", { at: time(at) })}
      styles={{ title: { color: "inherit" }, message: { color: "inherit" } }}
    >
      <p style={{ margin: "0 0 4px" }}>{why}</p>
      <p style={{ margin: 0 }}>{t(`campaigns.advice.${reason}`)}</p>
      {reason === "budget" && props.may && <Raise campaign={props.campaign} from={limit ?? 0} />}
    </Alert>
  );
}

function Raise(props: { campaign: string; from: number }) {
  const [budget, setBudget] = useState(Math.ceil(2 * props.from));
  const write = (next: number) =>
    ask(
      api.PATCH("/api/v1/campaigns/{campaign}", {
        params: { path: { campaign: props.campaign } },
        body: { budget: next },
      }),
    );
  const raise = useChange({
    act: write,
    key: keyOf(props.campaign),
    said: (next) => t("campaigns.budget.raised", { amount: money(next) }),
    undo: () => write(props.from),
  });
  return (
    <div className="pair" style={{ justifyContent: "start", alignItems: "end", marginTop: 12 }}>
      <MoneyInput
        label={t("campaigns.budget.new")}
        value={budget}
        onChange={(value) => setBudget(Number(value))}
        error={raise.problem?.of("budget")}
      />
      <Button variant="default" loading={raise.busy} onClick={() => void raise.run(budget)}>
        {t("campaigns.budget.raise")}
      </Button>
    </div>
  );
}
