import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useRef } from "react";
import { api, ask } from "@/lib/api";
import { useDraft } from "@/lib/draft";
import type { MessageView } from "./composer";
import type { Json } from "./document";

export const messageKey = (id: string) => ["message", id];
export const textOfView = (view: MessageView): Json => view.draft?.document ?? view.document ?? {};
export const readMessage = (message: string) =>
  ask(api.GET("/api/v1/messages/{message}", { params: { path: { message } } }));

/** A message that is edited: kept as a draft shortly after each change, by the revision that was seen last. */
export function useMessage(view: MessageView) {
  const client = useQueryClient();
  const id = view.id;
  const revision = useRef(view.revision);
  // It is ahead of us by what we did ourselves: nothing else writes what is shown.
  revision.current = Math.max(revision.current, view.revision);
  const take = useCallback(
    (next: MessageView) => {
      revision.current = next.revision;
      client.setQueryData(messageKey(id), next);
      void client.invalidateQueries({ queryKey: ["messages"] });
      return next;
    },
    [client, id],
  );
  const draft = useDraft<Json>(textOfView(view), async (document) => {
    const path = { message: id };
    const query = { if_revision: revision.current };
    take(await ask(api.PUT("/api/v1/messages/{message}/draft", { params: { path, query }, body: { document } })));
  });
  return { ...draft, revision, take };
}
export type Message = ReturnType<typeof useMessage>;
