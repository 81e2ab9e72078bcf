import { t } from "@/lib/i18n";
import { Button, CopyButton, Modal, TextInput } from "@/ui/controls";

/** A link with which the person changes what they receive. */
export default function PreferencesLink(props: { url: string; onClose: () => void }) {
  return (
    <Modal opened onClose={props.onClose} title={t("people.link")}>
      <TextInput
        label={t("people.link.url")}
        description={t("people.link.hint")}
        value={props.url}
        readOnly
        onFocus={(event) => event.currentTarget.select()}
      />
      <div className="trait-acts" style={{ marginTop: 16 }}>
        <Button component="a" href={props.url} target="_blank" rel="noreferrer" variant="default">
          {t("people.link.open")}
        </Button>
        <span style={{ flex: 1 }} />
        <CopyButton value={props.url}>
          {({ copied, copy }) => <Button onClick={copy}>{copied ? t("app.copied") : t("app.copy")}</Button>}
        </CopyButton>
      </div>
    </Modal>
  );
}
