import { IconCheck, IconCopy } from "@tabler/icons-react";
import { t } from "@/lib/i18n";
import { Button, CopyButton } from "@/ui/controls";

/** Something to be taken along: shown whole, chosen with one press, copied with a button. */
export function Once(props: { label: string; value: string }) {
  return (
    <div className="once">
      <div className="once-label">{props.label}</div>
      <div className="once-row">
        <code>{props.value}</code>
        <CopyButton value={props.value}>
          {({ copied, copy }) => (
            <Button
              variant="default"
              onClick={copy}
              leftSection={copied ? <IconCheck size={16} aria-hidden /> : <IconCopy size={16} aria-hidden />}
            >
              <span aria-live="polite">{t(copied ? "app.copied" : "app.copy")}</span>
            </Button>
          )}
        </CopyButton>
      </div>
    </div>
  );
}
