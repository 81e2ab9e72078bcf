import {
  IconArchive,
  IconCopy,
  IconHistory,
  IconPencil,
  IconRestore,
  IconSend,
  IconTestPipe,
  IconTrash,
} from "@tabler/icons-react";
import { api, ask } from "@/lib/api";
import { t } from "@/lib/i18n";
import { useMay } from "@/lib/session";
import { Button, Menu } from "@/ui/controls";
import { MoreMenu, UndoRedo } from "@/ui/IconButton";
import { done, failed } from "@/ui/toast";
import { useArchive, useCopy, usePlan } from "./acts";
import type { MessageView } from "./composer";
import type { Message } from "./useMessage";

export type Dialog = "publish" | "versions" | "test" | "rename";
type Props = {
  view: MessageView;
  message: Message;
  fixed: boolean;
  open: (dialog: Dialog) => void;
  restart: (view: MessageView) => void;
};

export function Actions(props: Props) {
  const { view, message, fixed, open } = props;
  const archive = useArchive();
  return (
    <>
      {!fixed && (
        <>
          <UndoRedo edited={message} framed />
          <Button
            className="hide-phone"
            variant="default"
            leftSection={<IconTestPipe size={16} aria-hidden />}
            onClick={() => open("test")}
          >
            {t("messages.test.open")}
          </Button>
          <Button disabled={!view.has_draft && message.saving === "saved"} onClick={() => open("publish")}>
            {t("messages.publish")}
          </Button>
        </>
      )}
      {view.state === "archived" && (
        <Button
          variant="default"
          leftSection={<IconRestore size={16} aria-hidden />}
          onClick={() => void archive.run({ view, back: true })}
        >
          {t("messages.restore")}
        </Button>
      )}
      <More {...props} />
    </>
  );
}

function More({ view, message, fixed, open, restart }: Props) {
  const archive = useArchive();
  const copy = useCopy();
  const plan = usePlan();
  const may = useMay("messages.write");
  const plans = useMay("campaigns.write") && view.version > 0 && view.state !== "archived";
  return (
    <MoreMenu width={240} label={t("messages.more")} framed>
      {!fixed && (
        <Menu.Item
          className="phone-only"
          leftSection={<IconTestPipe size={16} aria-hidden />}
          onClick={() => open("test")}
        >
          {t("messages.test")}
        </Menu.Item>
      )}
      {plans && (
        <Menu.Item leftSection={<IconSend size={16} aria-hidden />} onClick={() => void plan(view.name)}>
          {t("messages.campaign")}
        </Menu.Item>
      )}
      <Menu.Item leftSection={<IconHistory size={16} aria-hidden />} onClick={() => open("versions")}>
        {t("messages.versions")}
      </Menu.Item>
      {may && (
        <Menu.Item leftSection={<IconCopy size={16} aria-hidden />} onClick={() => void copy(view)}>
          {t("messages.copy")}
        </Menu.Item>
      )}
      {!fixed && (
        <Menu.Item leftSection={<IconPencil size={16} aria-hidden />} onClick={() => open("rename")}>
          {t("messages.rename")}
        </Menu.Item>
      )}
      {!fixed && view.has_draft && view.version > 0 && (
        <Menu.Item
          leftSection={<IconTrash size={16} aria-hidden />}
          onClick={() => void discard(view, message, restart)}
        >
          {t("messages.discard")}
        </Menu.Item>
      )}
      {may && view.state !== "archived" && (
        <Menu.Item
          leftSection={<IconArchive size={16} aria-hidden />}
          onClick={() => void archive.run({ view, back: false })}
        >
          {t("messages.archive")}
        </Menu.Item>
      )}
    </MoreMenu>
  );
}

/** Back to the newest version; what was written can be had again. */
async function discard(view: MessageView, message: Message, restart: Props["restart"]): Promise<void> {
  const document = message.value;
  try {
    await message.retry();
    const path = { message: view.id };
    const query = { if_revision: message.revision.current };
    const kept = await ask(api.DELETE("/api/v1/messages/{message}/draft", { params: { path, query } }));
    restart(kept);
    done(t("messages.discarded", { n: kept.version }), async () => {
      const again = { params: { path, query: { if_revision: kept.revision } }, body: { document } };
      restart(await ask(api.PUT("/api/v1/messages/{message}/draft", again)));
    });
  } catch (error) {
    failed(error);
  }
}
