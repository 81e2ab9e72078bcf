import { IconPlus } from "@tabler/icons-react";
import { t } from "@/lib/i18n";
import { channelName } from "@/ui/Channel";
import { Button } from "@/ui/controls";
import { Empty } from "@/ui/State";
import { useComposing } from "./composer";
import { channelsOf, formOf, mainLocale, type Scope, setForm } from "./document";
import { emptyForm, outOfEmail } from "./starting";
import { languageName } from "./words";

/** There is nothing for this channel in this language: from what could it begin? */
export function Missing() {
  const { document, change, scope, fixed } = useComposing();
  const main = mainLocale(document);
  const elsewhere: Scope = { ...scope, variant: "", locale: main };
  const translated = scope.locale !== main ? formOf(document, elsewhere) : undefined;
  const email = scope.channel === "email" ? undefined : formOf(document, { ...scope, channel: "email" });
  const base = scope.variant ? formOf(document, { ...scope, variant: "" }) : undefined;
  const channel = channelName(scope.channel);
  const language = languageName(scope.locale);
  const anywhere = channelsOf(document).includes(scope.channel);
  const begin = (form: ReturnType<typeof emptyForm>) => change((before) => setForm(before, scope, form));
  const from = base ?? translated;
  return (
    <Empty
      title={t("messages.missing", { channel, language })}
      text={
        anywhere && translated
          ? t("messages.missing.falls", { language, other: languageName(main) })
          : t("messages.missing.nobody", { channel })
      }
      action={
        fixed ? null : (
          <div className="row">
            {from && (
              <Button onClick={() => begin(structuredClone(from))}>
                {t("messages.missing.copy", { language: languageName(base ? scope.locale : main) })}
              </Button>
            )}
            {!from && email && (
              <Button onClick={() => begin(outOfEmail(scope.channel, email))}>{t("messages.missing.email")}</Button>
            )}
            <Button
              variant={from || email ? "default" : "filled"}
              leftSection={<IconPlus size={16} aria-hidden />}
              onClick={() => begin(emptyForm(scope.channel))}
            >
              {t("messages.missing.blank", { channel })}
            </Button>
          </div>
        )
      }
    />
  );
}
