import { useState } from "react";
import { api, ask } from "@/lib/api";
import { useChange } from "@/lib/change";
import { LANGUAGES, LOCALES, locale, speak, t } from "@/lib/i18n";
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
  const [wanted, setWanted] = useState<Partial<Wishes>>({});
  const shown = { ...me.wishes, ...wanted };
  const wish = async (some: Partial<Wishes>) => {
    setWanted(some);
    const kept = await change.run({ ...shown, ...some });
    setWanted({});
    return kept;
  };
  const theme = THEMES.find((one) => one === shown.theme) ?? "auto";
  return (
    <div className="fields">
      <NativeSelect
        label={t("access.language")}
        description={t("access.language.text")}
        value={locale}
        data={LOCALES.map((one) => ({ value: one, label: LANGUAGES[one] }))}
        onChange={async (event) => {
          const next = LOCALES.find((one) => one === event.currentTarget.value) ?? locale;
          if (await wish({ locale: next })) speak(next);
        }}
      />
      <Input.Wrapper label={t("access.theme")} labelElement="div">
        <div>
          <SegmentedControl
            aria-label={t("access.theme")}
            value={theme}
            data={THEMES.map((value) => ({ value, label: t(`access.theme.${value}`) }))}
            onChange={(value) => {
              const next = THEMES.find((one) => one === value) ?? "auto";
              setColorScheme(next);
              void wish({ theme: next });
            }}
          />
        </div>
      </Input.Wrapper>
      <Switch
        label={t("access.keys")}
        description={t("access.keys.text")}
        checked={shown.keys}
        onChange={(event) => void wish({ keys: event.currentTarget.checked })}
      />
    </div>
  );
}
