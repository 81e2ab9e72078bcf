import { Button } from "@mantine/core";
import { t } from "@/lib/i18n";
import { Page } from "@/ui/Page";
import { Empty, Failed } from "@/ui/State";

/** A screen that is not there, or that broke. What was typed elsewhere is kept by the server. */
export function Broken(props: { error?: unknown; reset?: () => void }) {
  return (
    <main className="main" id="main">
      {props.error ? (
        <Failed error={props.error} retry={props.reset ?? (() => location.reload())} />
      ) : (
        <Page title={t("app.not_found")}>
          <Empty
            title={t("app.not_found.text")}
            action={
              <Button component="a" href="/app/">
                {t("app.nav.home")}
              </Button>
            }
          />
        </Page>
      )}
    </main>
  );
}
