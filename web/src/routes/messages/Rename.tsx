import { useState } from "react";
import { api, ask, type Problem } from "@/lib/api";
import { t } from "@/lib/i18n";
import { Button, Modal, TextInput } from "@/ui/controls";
import { Failed } from "@/ui/State";
import { done, failed } from "@/ui/toast";
import type { MessageView } from "./composer";
import type { Message } from "./useMessage";

/** Another name; programs that send by the old one go on. */
export default function Rename(props: { view: MessageView; message: Message; onClose: () => void }) {
  const { view, message } = props;
  const [name, setName] = useState(view.name);
  const [problem, setProblem] = useState<Problem>();
  const become = async (wanted: string) => {
    await message.retry();
    const path = { message: view.id };
    const query = { if_revision: message.revision.current };
    message.take(
      await ask(api.PATCH("/api/v1/messages/{message}", { params: { path, query }, body: { name: wanted } })),
    );
  };
  const rename = async () => {
    try {
      await become(name.trim());
      done(t("messages.renamed", { name: name.trim() }), () => become(view.name).catch(failed));
      props.onClose();
    } catch (error) {
      setProblem(error as Problem);
    }
  };
  const ofName = problem?.of("name") ?? (problem?.code === "name_taken" ? problem.title : undefined);
  return (
    <Modal opened onClose={props.onClose} title={t("messages.rename")}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void rename();
        }}
      >
        <TextInput
          data-autofocus
          label={t("app.name")}
          description={t("messages.rename.text")}
          value={name}
          maxLength={200}
          error={ofName}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        {problem && !ofName && <Failed error={problem} />}
        <div className="row end">
          <Button variant="default" onClick={props.onClose}>
            {t("app.cancel")}
          </Button>
          <Button type="submit" disabled={!name.trim() || name.trim() === view.name}>
            {t("messages.rename")}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
