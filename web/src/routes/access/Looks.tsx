import { api, ask } from "@/lib/api";
import { useChange } from "@/lib/change";
import { LANGUAGES, LOCALES, type Locale, locale, speak, t } from "@/lib/i18n";
import { sessionQuery } from "@/lib/session";
import { Input, NativeSelect, SegmentedControl, Switch, useMantineColorScheme } from "@/ui/controls";
import { ME, type Mine } from "./me";

type Wishes = Mine["wishes"];
const THEMES = ["auto", "light", "dark"] as const;

/** Language, colours, keys: kept with the account, so they are the same in every browser. */
export function Looks({ me }: { me: Mine }) {
  const { setColorScheme } = useMantineColorScheme();
  const change = useChange({
    act: (wishes: Wishes) => ask(api.PATCH("/api/v1/me", { body: { wishes } })),
    key: ME,
    now: (before: Mine, wishes) => ({ ...before, wishes }),
    also: [sessionQuery.queryKey],
  });
  const wish = (some: Partial<Wishes>) => change.run({ ...me.wishes, ...some });
  const theme = THEMES.find((one) => one === me.wishes.theme) ?? "auto";
  return (
    <div className="fields">
      <NativeSelect
        label={t("access.language")}
        description={t("access.language.text")}
        value={locale}
        data={LOCALES.map((one) => ({ value: one, label: LANGUAGES[one] }))}
        onChange={async (event) => {
          const wanted = LOCALES.find((one) => one === event.currentTarget.value) ?? locale;
          if (await wish({ locale: wanted satisfies Locale })) speak(wanted);
        }}
      />
      <Input.Wrapper label={t("access.theme")} labelElement="div">
        <div>
          <SegmentedControl
            aria-label={t("access.theme")}
            value={theme}
            data={THEMES.map((value) => ({ value, label: t(`access.theme.${value}`) }))}
            onChange={(value) => {
              const wanted = THEMES.find((one) => one === value) ?? "auto";
              setColorScheme(wanted);
              void wish({ theme: wanted });
            }}
          />
        </div>
      </Input.Wrapper>
      <Switch
        label={t("access.keys")}
        description={t("access.keys.text")}
        checked={me.wishes.keys}
        onChange={(event) => void wish({ keys: event.currentTarget.checked })}
      />
    </div>
  );
}
