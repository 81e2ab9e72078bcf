import { IconPlus, IconX } from "@tabler/icons-react";
import { useState } from "react";
import { percent } from "@/lib/format";
import { LANGUAGES, t } from "@/lib/i18n";
import { Channel, channelName } from "@/ui/Channel";
import { Button, Menu, Tabs, TextInput } from "@/ui/controls";
import { IconButton } from "@/ui/IconButton";
import { done } from "@/ui/toast";
import { useComposing } from "./composer";
import {
  addLocale,
  addVariant,
  CHANNELS,
  channelsOf,
  dropLocale,
  dropVariant,
  formOf,
  localesOf,
  mainLocale,
  variantsOf,
} from "./document";
import { languageName, variantName } from "./words";

/** What is looked at: which channel, which language, which variant. */
export function Bar(props: { undo: () => void }) {
  const { document, scope, look } = useComposing();
  return (
    <div className="scope">
      <Tabs value={scope.channel} onChange={(channel) => channel && look({ channel })} keepMounted={false}>
        <Tabs.List aria-label={t("messages.channels")}>
          {CHANNELS.map((channel) => {
            const written = formOf(document, { ...scope, channel }) !== undefined;
            return (
              <Tabs.Tab key={channel} value={channel} className={written ? undefined : "unwritten"}>
                <Channel name={channel} />
                {!written && <span className="unseen">, {t("messages.channel.none")}</span>}
              </Tabs.Tab>
            );
          })}
        </Tabs.List>
      </Tabs>
      <div className="scope-row">
        <Languages undo={props.undo} />
        <Variants undo={props.undo} />
      </div>
    </div>
  );
}

const OFFERED = [...Object.keys(LANGUAGES), "de", "it", "pt", "nl", "pl", "es-MX", "fr-CA"];
const LOCALE = /^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$/;

function Languages(props: { undo: () => void }) {
  const { document, change, scope, look, fixed } = useComposing();
  const locales = localesOf(document);
  const main = mainLocale(document);
  const add = (locale: string, from?: string) => {
    change((before) => addLocale(before, locale, from));
    look({ locale });
  };
  const drop = () => {
    change((before) => dropLocale(before, scope.locale));
    look({ locale: main });
    done(t("messages.language.removed", { language: languageName(scope.locale) }), props.undo);
  };
  return (
    <fieldset className="chips">
      <legend className="unseen">{t("messages.languages")}</legend>
      {locales.map((locale) => {
        const missing = channelsOf(document, main).filter((channel) => !channelsOf(document, locale).includes(channel));
        return (
          <Chip key={locale} chosen={locale === scope.locale} onClick={() => look({ locale })}>
            {languageName(locale)}
            {missing.length > 0 && (
              <span className="gap">
                {t("messages.language.missing", { channels: missing.map(channelName).join(", ") })}
              </span>
            )}
          </Chip>
        );
      })}
      {!fixed && scope.locale !== main && (
        <IconButton
          size="small"
          tip
          Icon={IconX}
          label={t("messages.language.remove", { language: languageName(scope.locale) })}
          run={drop}
        />
      )}
      {!fixed && <AddLanguage taken={locales} main={main} onAdd={add} />}
    </fieldset>
  );
}

function AddLanguage(props: { taken: string[]; main: string; onAdd: (locale: string, from?: string) => void }) {
  const [other, setOther] = useState("");
  const full = props.taken.length > 0;
  const offered = OFFERED.filter((one) => !props.taken.includes(one));
  const add = (locale: string) => props.onAdd(locale, full ? props.main : undefined);
  const [opened, setOpened] = useState(false);
  return (
    <Menu position="bottom-start" width={240} opened={opened} onChange={setOpened}>
      <Menu.Target>
        <Button variant="subtle" color="gray" size="compact-sm" leftSection={<IconPlus size={14} aria-hidden />}>
          {t("messages.language.add")}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {full && <Menu.Label>{t("messages.language.copied", { language: languageName(props.main) })}</Menu.Label>}
        {offered.map((locale) => (
          <Menu.Item key={locale} onClick={() => add(locale)} rightSection={<span className="soft">{locale}</span>}>
            {languageName(locale)}
          </Menu.Item>
        ))}
        <form
          className="other"
          onSubmit={(event) => {
            event.preventDefault();
            if (!LOCALE.test(other) || props.taken.includes(other)) return;
            setOpened(false);
            setOther("");
            add(other);
          }}
        >
          <TextInput
            size="xs"
            aria-label={t("messages.language.other")}
            placeholder={t("messages.language.other")}
            value={other}
            onChange={(event) => setOther(event.currentTarget.value.trim())}
            onKeyDown={(event) => event.key !== "Escape" && event.stopPropagation()}
            error={other.length > 4 && !LOCALE.test(other) ? t("messages.language.odd") : undefined}
          />
        </form>
      </Menu.Dropdown>
    </Menu>
  );
}

function Variants(props: { undo: () => void }) {
  const { document, change, scope, look, fixed } = useComposing();
  const variants = variantsOf(document);
  if (fixed && !variants.length) return null;
  const add = () => {
    const [after, name] = addVariant(document);
    change(after);
    look({ variant: name });
  };
  const drop = () => {
    change((before) => dropVariant(before, scope.variant));
    look({ variant: "" });
    done(t("messages.variant.removed", { name: variantName(scope.variant) }), props.undo);
  };
  return (
    <fieldset className="chips">
      <legend className="unseen">{t("messages.variants")}</legend>
      {variants.length > 0 &&
        ["", ...variants].map((variant) => (
          <Chip key={variant} chosen={variant === scope.variant} onClick={() => look({ variant })}>
            {t("messages.variant.name", { name: variantName(variant) })}
          </Chip>
        ))}
      {!fixed && scope.variant && (
        <IconButton
          size="small"
          tip
          Icon={IconX}
          label={t("messages.variant.remove", { name: variantName(scope.variant) })}
          run={drop}
        />
      )}
      {!fixed && (
        <Button
          variant="subtle"
          color="gray"
          size="compact-sm"
          leftSection={<IconPlus size={14} aria-hidden />}
          onClick={add}
        >
          {t("messages.variant.add")}
        </Button>
      )}
      {variants.length > 0 && (
        <span className="soft small">{t("messages.variant.share", { share: percent(1 / (variants.length + 1)) })}</span>
      )}
    </fieldset>
  );
}

function Chip(props: { chosen: boolean; onClick: () => void; children: React.ReactNode }) {
  return (
    <button type="button" className="chip" aria-pressed={props.chosen} onClick={props.onClick}>
      {props.children}
    </button>
  );
}
