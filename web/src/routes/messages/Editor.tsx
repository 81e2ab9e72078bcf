import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useEffect, useMemo, useRef, useState } from "react";
import { api, ask } from "@/lib/api";
import { t } from "@/lib/i18n";
import { useMay } from "@/lib/session";
import { useUrlState } from "@/lib/url";
import { Page } from "@/ui/Page";
import { Actions, type Dialog } from "./Actions";
import { Badge } from "./Badge";
import { Bar } from "./Bar";
import { ComposerProvider, type Composing, type MessageView, useScope } from "./composer";
import { shownAt, topicOf } from "./document";
import { Either } from "./Either";
import { FormEditor } from "./FormEditor";
import { Preview } from "./Preview";
import { Problems } from "./Problems";
import { Topic } from "./Topic";
import { useMessage } from "./useMessage";
import { usePreview } from "./usePreview";

// They come when they are first opened.
const Conflict = lazy(() => import("./Conflict"));
const Publish = lazy(() => import("./Publish"));
const Rename = lazy(() => import("./Rename"));
const TestSend = lazy(() => import("./TestSend"));
const Versions = lazy(() => import("./Versions"));

export function Editor({ view, restart }: { view: MessageView; restart: (view: MessageView) => void }) {
  const message = useMessage(view);
  const fixed = !useMay("messages.write") || view.state === "archived";
  const [scope, look] = useScope(message.value);
  const [side, setSide] = useUrlState("side", "edit");
  const [who, setWho] = useUrlState("as", "");
  const [dialog, setDialog] = useState<Dialog | null>(null);
  const fields = useFields(topicOf(message.value));
  const preview = usePreview(message.value, scope, who);
  const jump = useJump(look, () => setSide("edit"));
  const close = () => setDialog(null);
  const problems = useMemo(() => preview.shown?.problems ?? [], [preview.shown]);
  const composing: Composing = {
    document: message.value,
    change: message.change,
    scope,
    look,
    fields,
    problems,
    fixed,
    jump,
  };
  return (
    <ComposerProvider value={composing}>
      <Page
        title={view.name}
        back={{ to: "/messages", label: t("messages.title") }}
        badge={<Badge view={view} message={message} />}
        actions={<Actions view={view} message={message} fixed={fixed} open={setDialog} restart={restart} />}
      >
        <div className="compose" data-side={side}>
          <Topic />
          <Bar undo={message.undo} />
          <Either
            className="sides"
            label={t("messages.side")}
            value={side}
            onChange={setSide}
            options={[
              ["edit", t("messages.side.edit")],
              ["preview", t("messages.side.preview")],
            ]}
          />
          <div className="write">
            <FormEditor undo={message.undo} />
            <Problems known={preview.shown !== undefined && !preview.stale} />
          </div>
          <div className="see">
            <Preview {...preview} retry={() => void preview.refetch()} who={who} onWho={setWho} />
          </div>
        </div>
      </Page>
      <Suspense>
        {dialog === "publish" && (
          <Publish view={view} message={message} problems={problems} onClose={close} jump={jump} />
        )}
        {dialog === "versions" && <Versions view={view} message={message} fixed={fixed} onClose={close} />}
        {dialog === "test" && <TestSend id={view.id} message={message} who={who} onClose={close} />}
        {dialog === "rename" && <Rename view={view} message={message} onClose={close} />}
        {message.problem?.code === "edited_meanwhile" && <Conflict id={view.id} message={message} restart={restart} />}
      </Suspense>
    </ComposerProvider>
  );
}

function useFields(topic: string) {
  const query = useQuery({
    queryKey: ["message-fields", topic],
    queryFn: () => ask(api.GET("/api/v1/messages/fields", { params: { query: { topic } } })),
    placeholderData: (before) => before,
    staleTime: 300_000,
  });
  return query.data;
}

const TRIES = 20;

/** The scope changes first; the focus follows when the field is there. Of a place without a field: the nearest around it. */
function useJump(look: Composing["look"], edit: () => void): Composing["jump"] {
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  return (at) => {
    const { scope, within } = shownAt(at);
    if (scope) look(scope);
    edit();
    const find = (tries: number) => {
      const parts = within.split(".");
      for (let n = parts.length; n > 0; n--) {
        const found = document.querySelector<HTMLElement>(`[data-within="${CSS.escape(parts.slice(0, n).join("."))}"]`);
        if (!found?.checkVisibility()) continue;
        found.scrollIntoView({ block: "center" });
        (found.matches("li, ol")
          ? (found.querySelector<HTMLElement>("input, textarea") ?? found.querySelector("button") ?? found)
          : found
        ).focus({ preventScroll: true });
        return;
      }
      if (tries > 0) timer.current = setTimeout(() => find(tries - 1), 50);
    };
    timer.current = setTimeout(() => find(TRIES), 0);
  };
}
