import { IconCheck, IconCopy } from "@tabler/icons-react";
import { t } from "@/lib/i18n";
import { Button, CopyButton } from "@/ui/controls";

/** A text to be typed in elsewhere, letter by letter as it is, with a button that copies it. */
export function Copied(props: { label: string; text: string }) {
  return (
    <div className="copied">
      <code>{props.text}</code>
      <Copy {...props} />
    </div>
  );
}

export function Copy(props: { label: string; text: string }) {
  return (
    <CopyButton value={props.text} timeout={2_000}>
      {({ copied, copy }) => (
        <Button
          variant="default"
          size="compact-sm"
          leftSection={copied ? <IconCheck size={14} aria-hidden /> : <IconCopy size={14} aria-hidden />}
          onClick={copy}
        >
          {t(copied ? "app.copied" : "app.copy")}
          <span className="unseen"> {props.label}</span>
        </Button>
      )}
    </CopyButton>
  );
}
