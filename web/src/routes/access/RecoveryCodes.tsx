import { IconCheck, IconCopy, IconDownload } from "@tabler/icons-react";
import { useState } from "react";
import { t } from "@/lib/i18n";
import { Button, Checkbox, CopyButton } from "@/ui/controls";
import { Dialog } from "./Dialog";

/** Shown this once; so the dialog closes only after whoever reads it says that they are kept. */
export function RecoveryCodes(props: { codes: string[]; email: string; onClose: () => void }) {
  const [kept, setKept] = useState(false);
  const text = `${t("access.recovery.file", { email: props.email })}\n\n${props.codes.join("\n")}\n`;
  return (
    <Dialog
      onClose={() => kept && props.onClose()}
      title={t("access.recovery.title")}
      withCloseButton={false}
      closeOnClickOutside={false}
      closeOnEscape={kept}
    >
      <div className="fields">
        <p className="plain soft">{t("access.recovery.text")}</p>
        <ol className="recovery" aria-label={t("access.recovery.title")}>
          {props.codes.map((code) => (
            <li key={code}>
              <code>{code}</code>
            </li>
          ))}
        </ol>
        <div className="part-acts">
          <CopyButton value={props.codes.join("\n")}>
            {({ copied, copy }) => (
              <Button
                variant="default"
                onClick={copy}
                data-autofocus
                leftSection={copied ? <IconCheck size={16} aria-hidden /> : <IconCopy size={16} aria-hidden />}
              >
                <span aria-live="polite">{t(copied ? "app.copied" : "app.copy")}</span>
              </Button>
            )}
          </CopyButton>
          <Button
            variant="default"
            component="a"
            download="antiphon-recovery-codes.txt"
            href={`data:text/plain;charset=utf-8,${encodeURIComponent(text)}`}
            leftSection={<IconDownload size={16} aria-hidden />}
          >
            {t("access.download")}
          </Button>
        </div>
        <Checkbox
          label={t("access.recovery.kept")}
          checked={kept}
          onChange={(event) => setKept(event.currentTarget.checked)}
        />
        <div className="ends">
          <Button disabled={!kept} onClick={props.onClose}>
            {t("app.done")}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
