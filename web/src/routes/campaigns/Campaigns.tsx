import { t } from "@/lib/i18n";
import { Page } from "@/ui/Page";
import { Waiting } from "@/ui/State";

export default function Campaigns() {
  return (
    <Page title={t("campaigns.title")}>
      <Waiting rows={4} />
    </Page>
  );
}
