import { t } from "@/lib/i18n";
import { shortcuts } from "@/lib/keys";
import { Modal } from "@/ui/controls";

/** What can be done by keys here. */
export default function Keys(props: { onClose: () => void }) {
  const seen = new Map(shortcuts().map((one) => [one.keys, one.label]));
  return (
    <Modal opened onClose={props.onClose} title={t("app.keys")}>
      <table className="data">
        <tbody>
          {[...seen].map(([keys, label]) => (
            <tr key={keys}>
              <td>{label}</td>
              <td className="right">
                {keys.split(" ").map((key) => (
                  <kbd key={key}>{key.replace("mod+", /Mac/.test(navigator.platform) ? "⌘ " : "Ctrl ")}</kbd>
                ))}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className="soft" style={{ fontSize: "0.8125rem" }}>
        {t("app.keys.off")}
      </p>
    </Modal>
  );
}
