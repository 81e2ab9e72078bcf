import { t } from "@/lib/i18n";
import { Page } from "@/ui/Page";
import { Waiting } from "@/ui/State";

export default function Composer() {
  return (
    <Page title={t("messages.title")}>
      <Waiting rows={4} />
    </Page>
  );
}
