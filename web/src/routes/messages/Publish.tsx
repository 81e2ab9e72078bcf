import "./dialogs.css";
import { useState } from "react";
import { api, ask, type Problem } from "@/lib/api";
import { t, tn } from "@/lib/i18n";
import { Alert, Button, Modal } from "@/ui/controls";
import { Failed } from "@/ui/State";
import { done } from "@/ui/toast";
import type { Finding, MessageView } from "./composer";
import { Differences } from "./Differences";
import type { Message } from "./useMessage";

/** What changes since the last version; then it is the newest. Nothing is sent by it. */
export default function Publish(props: {
  view: MessageView;
  message: Message;
  problems: Finding[];
  onClose: () => void;
  jump: (at: string) => void;
}) {
  const { view, message } = props;
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const errors = props.problems.filter((one) => one.code === "invalid");
  const next = view.version + 1;
  const publish = async () => {
    setBusy(true);
    try {
      await message.retry();
      const path = { message: view.id };
      const query = { if_revision: message.revision.current };
      message.take(await ask(api.POST("/api/v1/messages/{message}/publish", { params: { path, query } })));
      done(t("messages.publish.done", { n: next }));
      props.onClose();
    } catch (error) {
      setProblem(error as Problem);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Modal opened onClose={props.onClose} size="lg" title={t("messages.publish.title", { n: next })}>
      <div className="stack">
        {errors[0] && (
          <Alert
            color="red"
            variant="light"
            styles={{ title: { color: "inherit" } }}
            title={tn("messages.publish.errors", errors.length)}
          >
            <button
              type="button"
              className="link"
              onClick={() => {
                props.onClose();
                props.jump(errors[0]?.at ?? "");
              }}
            >
              {t("messages.publish.mend")}
            </button>
          </Alert>
        )}
        {problem && <Failed error={problem} />}
        <p className="soft">{view.version ? t("messages.publish.text") : t("messages.publish.first")}</p>
        {view.version > 0 && (
          <div className="tall">
            <Differences before={view.document} after={message.value} />
          </div>
        )}
        <div className="row end">
          <Button variant="default" onClick={props.onClose}>
            {t("app.cancel")}
          </Button>
          <Button loading={busy} disabled={errors.length > 0} onClick={() => void publish()} data-autofocus>
            {t("messages.publish.act", { n: next })}
          </Button>
        </div>
      </div>
    </Modal>
  );
}
