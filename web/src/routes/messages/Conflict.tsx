import "./dialogs.css";
import { useQuery } from "@tanstack/react-query";
import { t } from "@/lib/i18n";
import { Button, Modal } from "@/ui/controls";
import { Loaded } from "@/ui/State";
import { When } from "@/ui/When";
import type { MessageView } from "./composer";
import { Differences } from "./Differences";
import { type Message, messageKey, readMessage, textOfView } from "./useMessage";
import { useAuthor } from "./words";

/** Somebody else was faster: nobody's text is written over before it was looked at. */
export default function Conflict(props: { id: string; message: Message; restart: (view: MessageView) => void }) {
  const { message } = props;
  const author = useAuthor();
  const query = useQuery({
    queryKey: [...messageKey(props.id), "theirs"],
    queryFn: () => readMessage(props.id),
    gcTime: 0,
    staleTime: 0,
  });
  const overwrite = (revision: number) => {
    message.revision.current = revision;
    void message.retry();
  };
  return (
    <Modal
      opened
      onClose={() => {}}
      withCloseButton={false}
      closeOnEscape={false}
      closeOnClickOutside={false}
      size="lg"
      title={t("messages.conflict")}
    >
      <Loaded query={query} rows={3} height={60}>
        {(theirs) => (
          <div className="stack">
            <p className="soft">
              {t("messages.conflict.text", { who: author(theirs.updated_by) })} <When at={theirs.updated_at} />
            </p>
            <p className="soft small">{t("messages.conflict.legend")}</p>
            <div className="tall">
              <Differences before={textOfView(theirs)} after={message.value} />
            </div>
            <div className="row end">
              <Button variant="default" onClick={() => props.restart(theirs)}>
                {t("messages.conflict.theirs")}
              </Button>
              <Button onClick={() => overwrite(theirs.revision)}>{t("messages.conflict.mine")}</Button>
            </div>
          </div>
        )}
      </Loaded>
    </Modal>
  );
}
