import { t } from "@/lib/i18n";
import { Page } from "@/ui/Page";
import { Waiting } from "@/ui/State";

export default function Segment() {
  return (
    <Page title={t("segments.title")}>
      <Waiting rows={4} />
    </Page>
  );
}
