import { t } from "@/lib/i18n";
import { Page } from "@/ui/Page";
import { Waiting } from "@/ui/State";

export default function Home() {
  return (
    <Page title={t("home.title")}>
      <Waiting rows={4} />
    </Page>
  );
}
