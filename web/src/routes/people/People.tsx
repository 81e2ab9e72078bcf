import { t } from "@/lib/i18n";
import { Page } from "@/ui/Page";
import { Waiting } from "@/ui/State";

export default function People() {
  return (
    <Page title={t("people.title")}>
      <Waiting rows={4} />
    </Page>
  );
}
