import { t } from "@/lib/i18n";
import type { Tried as Found } from "./account";
import { stepsOf } from "./check";
import { Steps } from "./Steps";

/** What came of the check; before it, what it does. */
export function Tried({ tried }: { tried: Found | undefined }) {
  return tried ? (
    <Steps label={t("provider.check")} steps={stepsOf(tried)} />
  ) : (
    <p className="soft" style={{ margin: 0 }}>
      {t("provider.check.text")}
    </p>
  );
}
