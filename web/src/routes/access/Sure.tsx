import type { ReactNode } from "react";
import { t } from "@/lib/i18n";
import { Button, Modal } from "@/ui/controls";

type Props = {
  opened: boolean;
  title: string;
  text: string;
  act: string;
  busy: boolean;
  onClose: () => void;
  onSure: () => unknown;
  children?: ReactNode;
};

/** Asked before what cannot be taken back. The safe answer has the focus. */
export function Sure(props: Props) {
  return (
    <Modal opened={props.opened} onClose={props.onClose} title={props.title}>
      <p className="plain">{props.text}</p>
      {props.children}
      <div className="ends">
        <Button variant="default" onClick={props.onClose} data-autofocus>
          {t("app.cancel")}
        </Button>
        <Button color="red.9" loading={props.busy} onClick={() => void props.onSure()}>
          {props.act}
        </Button>
      </div>
    </Modal>
  );
}
