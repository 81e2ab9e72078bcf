import { useNavigate } from "@tanstack/react-router";
import { api, ask } from "@/lib/api";
import { useChange } from "@/lib/change";
import { t } from "@/lib/i18n";

/** A draft like this one, and there at once. */
export function useCopy(campaign: string) {
  const navigate = useNavigate();
  const copy = useChange({
    act: () => ask(api.POST("/api/v1/campaigns/{campaign}/copy", { params: { path: { campaign } }, body: {} })),
    key: ["campaigns", "list"],
    said: (_, made) => t("campaigns.copied", { name: made.name }),
  });
  const run = async () => {
    const made = await copy.run(undefined);
    if (made) void navigate({ to: "/campaigns/$campaign/plan", params: { campaign: made.id } });
  };
  return { busy: copy.busy, run };
}
