import "./form.css";
import type { Problem } from "@/lib/api";
import { t, tn } from "@/lib/i18n";
import { useShortcuts } from "@/lib/keys";
import { sentence } from "@/lib/say";
import { Button } from "@/ui/controls";

/** At the lower edge while something is not saved. */
export function SaveBar(props: {
  n: number;
  busy: boolean;
  problem: Problem | undefined;
  onSave: () => void;
  onDiscard: () => void;
}) {
  useShortcuts([{ keys: "mod+s", label: t("app.save"), run: () => props.n > 0 && !props.busy && props.onSave() }]);
  return (
    <div className="save-bar" data-open={props.n > 0 || undefined}>
      {props.n > 0 && (
        <>
          <span role="status" className="num">
            {tn("settings.changes", props.n)}
          </span>
          {props.problem && (
            <span role="alert" className="bad">
              {sentence(props.problem)}
            </span>
          )}
          <span className="acts">
            <Button variant="default" disabled={props.busy} onClick={props.onDiscard}>
              {t("settings.discard")}
            </Button>
            <Button loading={props.busy} onClick={props.onSave}>
              {t("app.save")}
            </Button>
          </span>
        </>
      )}
    </div>
  );
}
