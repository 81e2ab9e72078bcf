import { IconCheck } from "@tabler/icons-react";
import { t } from "@/lib/i18n";
import { useMay } from "@/lib/session";
import { Button } from "@/ui/controls";
import { Page } from "@/ui/Page";
import { ChooseFile } from "./ChooseFile";
import { EarlierImports } from "./EarlierImports";
import { OneImport } from "./OneImport";
import { useUrlText } from "./url";
import "./person.css";
import "./import.css";

/** A file of people or events: chosen, mapped, tried, taken in. */
export default function Import() {
  const [id, setId] = useUrlText("id");
  const mayWrite = useMay("people.write");
  return (
    <Page
      title={t("people.import.title")}
      back={{ to: "/people", label: t("people.title") }}
      actions={
        id && (
          <Button variant="default" onClick={() => setId("")}>
            {t("people.import.another")}
          </Button>
        )
      }
    >
      {id ? (
        <OneImport key={id} id={id} />
      ) : (
        <div className="import">
          {mayWrite && (
            <>
              <Steps at={0} />
              <ChooseFile onTaken={setId} />
            </>
          )}
          <EarlierImports onOpen={setId} />
        </div>
      )}
    </Page>
  );
}

const STEPS = ["file", "fields", "run"] as const;

/** Where somebody is on the way; done when `at` is past the last. */
export function Steps({ at }: { at: number }) {
  return (
    <ol className="import-steps" aria-label={t("people.import.steps")}>
      {STEPS.map((step, n) => (
        <li key={step} aria-current={n === at ? "step" : undefined} data-done={n < at || undefined}>
          <span className="num" aria-hidden>
            {n < at ? <IconCheck size={14} /> : n + 1}
          </span>
          {t(`people.import.step.${step}`)}
        </li>
      ))}
    </ol>
  );
}
