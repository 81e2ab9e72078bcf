import { Button } from "@mantine/core";
import { t } from "@/lib/i18n";
import { Empty, Failed } from "@/ui/State";

/** A screen that is not there, or that broke. What was typed elsewhere is kept by the server. The frame of screens would
    make the shell heavier by half. */
export function Broken(props: { error?: unknown; reset?: () => void }) {
  return (
    <main className="main" id="main">
      {props.error ? (
        <Failed error={props.error} retry={props.reset ?? (() => location.reload())} />
      ) : (
        <>
          <title>{`${t("app.not_found")} · Antiphon`}</title>
          <header className="head">
            <h1>{t("app.not_found")}</h1>
          </header>
          <Empty
            title={t("app.not_found.text")}
            action={
              <Button component="a" href="/app/">
                {t("app.nav.home")}
              </Button>
            }
          />
        </>
      )}
    </main>
  );
}
