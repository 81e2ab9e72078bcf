import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { api, ask } from "@/lib/api";
import { useChange } from "@/lib/change";
import { t } from "@/lib/i18n";
import { done, failed } from "@/ui/toast";
import type { MessageView } from "./composer";

type Named = { id: string; name: string };
type Change = ReturnType<typeof useChange<Archiving, unknown, MessageView>>;
type Archiving = { view: Named; back: boolean };

/** Into the archive or out of it: done at once, and taken back by the toast. */
export function useArchive() {
  const client = useQueryClient();
  const change: Change = useChange({
    key: ["messages"],
    act: async ({ view, back }: Archiving) => {
      const params = { params: { path: { message: view.id } } };
      const kept = await ask(
        back
          ? api.POST("/api/v1/messages/{message}/restore", params)
          : api.POST("/api/v1/messages/{message}/archive", params),
      );
      client.setQueryData(["message", view.id], kept);
      return kept;
    },
    said: ({ view, back }) => t(back ? "messages.restored" : "messages.archived", { name: view.name }),
    undo: (_before, { view, back }) => change.run({ view, back: !back }),
  });
  return change;
}

/** A draft that says the same; it is opened. */
export function useCopy(): (view: Named) => Promise<void> {
  const client = useQueryClient();
  const navigate = useNavigate();
  return async (view) => {
    try {
      const made = await ask(
        api.POST("/api/v1/messages/{message}/copy", { params: { path: { message: view.id } }, body: {} }),
      );
      void client.invalidateQueries({ queryKey: ["messages"] });
      done(t("messages.copied", { name: made.name }), async () => {
        await ask(api.DELETE("/api/v1/messages/{message}", { params: { path: { message: made.id } } }));
        void client.invalidateQueries({ queryKey: ["messages"] });
        void navigate({ to: "/messages" });
      });
      void navigate({ to: `/messages/${made.id}` });
    } catch (error) {
      failed(error);
    }
  };
}

/** A new campaign that says this message. */
export function usePlan() {
  const navigate = useNavigate();
  return (message: string) =>
    navigate({ to: "/campaigns/$campaign/plan", params: { campaign: "new" }, search: { message } });
}
