import { t } from "@/lib/i18n";
import { Page } from "@/ui/Page";
import { Waiting } from "@/ui/State";

export default function Me() {
  return (
    <Page title={t("settings.title")}>
      <Waiting rows={4} />
    </Page>
  );
}
