import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { api, ask } from "@/lib/api";
import { useChange } from "@/lib/change";
import { t } from "@/lib/i18n";
import { channelName } from "@/ui/Channel";
import { keyOf } from "../campaign";

const UNDO_S = 10;

/** What can be done with a campaign that was launched. */
export function useActs(campaign: string) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const path = { campaign };
  const post = (act: "pause" | "resume" | "cancel") =>
    ask(api.POST("/api/v1/campaigns/{campaign}/{act}", { params: { path: { campaign, act } } }));
  const key = keyOf(campaign);
  const also = [["campaigns", "list"]];
  const undoShift = useChange({
    act: () => ask(api.POST("/api/v1/campaigns/{campaign}/undo-shift", { params: { path } })),
    key,
    also,
    said: () => t("campaigns.shift.undone"),
  });
  const resume = useChange({ act: () => post("resume"), key, also, said: () => t("campaigns.resumed") });
  const pause = useChange({
    act: () => post("pause"),
    key,
    also,
    said: () => t("campaigns.paused"),
    undo: () => resume.run(undefined),
  });
  const cancel = useChange({ act: () => post("cancel"), key, also, said: () => t("campaigns.cancelled") });
  const shift = useChange({
    act: (channel: string) =>
      ask(
        api.POST("/api/v1/campaigns/{campaign}/shift", {
          params: { path },
          body: { channel, share: "rest", undo_s: UNDO_S },
        }),
      ),
    key,
    also,
    said: (channel) => t("campaigns.shift.done", { channel: channelName(channel) }),
    undo: () => undoShift.run(undefined),
  });
  const recall = useChange({
    act: async () => {
      await ask(api.POST("/api/v1/campaigns/{campaign}/recall", { params: { path } }));
      client.removeQueries({ queryKey: [...key, "plan"] });
      await navigate({
        to: "/campaigns/$campaign/plan",
        params: path,
        search: { step: "review" } as never,
        replace: true,
      });
    },
    key: ["campaigns", "list"],
    said: () => t("campaigns.recalled"),
  });
  return { pause, resume, cancel, shift, undoShift, recall };
}

export type Acts = ReturnType<typeof useActs>;
