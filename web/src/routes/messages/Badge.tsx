import { t } from "@/lib/i18n";
import { Mark } from "@/ui/Mark";
import { Saved } from "@/ui/State";
import type { MessageView } from "./composer";
import type { Message } from "./useMessage";

/** Which state it is in, and whether what is written is kept. */
export function Badge({ view, message }: { view: MessageView; message: Message }) {
  return (
    <>
      <State view={view} />
      <Saved saving={message.saving} retry={() => void message.retry()} />
    </>
  );
}

type Card = Pick<MessageView, "state" | "version" | "has_draft">;

export function State({ view }: { view: Card }) {
  if (view.state === "archived") return <Mark tone="calm">{t("messages.state.archived")}</Mark>;
  if (view.state === "draft") return <Mark tone="calm">{t("messages.state.draft")}</Mark>;
  return (
    <span className="states">
      <Mark tone="good">{t("messages.state.published")}</Mark>
      {view.has_draft && <Mark tone="warn">{t("messages.state.changed")}</Mark>}
    </span>
  );
}
