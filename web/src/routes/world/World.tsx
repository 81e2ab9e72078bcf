import { t } from "@/lib/i18n";
import { Page } from "@/ui/Page";
import { Waiting } from "@/ui/State";

export default function World() {
  return (
    <Page title={t("world.title")}>
      <Waiting rows={4} />
    </Page>
  );
}
