import { useState } from "react";
import { t } from "@/lib/i18n";
import { Button, NativeSelect, TextInput } from "@/ui/controls";
import type { Trait } from "./people";
import { read, TYPES, type Type, written } from "./traits";

/** One trait, new or as it is. Escape leaves it. */
export function TraitForm(props: {
  trait?: Trait;
  onSave: (name: string, value: unknown) => void;
  onCancel: () => void;
}) {
  const { trait } = props;
  const [name, setName] = useState(trait?.name ?? "");
  const [type, setType] = useState<Type>(trait?.type ?? "text");
  const [text, setText] = useState(trait ? written(trait.value) : "");
  const value = read(type === "boolean" && text !== "true" ? "false" : text, type);
  const wrong = text.trim() !== "" && value === undefined;
  const label = t("people.trait.value", { name: name || t("people.trait.new") });
  return (
    <form
      className="trait-form"
      aria-label={trait ? t("people.trait.edit", { name }) : t("people.trait.add")}
      onKeyDown={(event) => event.key === "Escape" && props.onCancel()}
      onSubmit={(event) => {
        event.preventDefault();
        if (name.trim() && value !== undefined) props.onSave(name.trim(), value);
      }}
    >
      {!trait && (
        <TextInput
          label={t("app.name")}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          autoFocus
        />
      )}
      <div className="trait-row">
        {type === "boolean" ? (
          <NativeSelect
            label={trait ? trait.name : t("people.trait.worth")}
            aria-label={label}
            value={text === "true" ? "true" : "false"}
            onChange={(event) => setText(event.currentTarget.value)}
            data={[
              { value: "true", label: t("people.yes") },
              { value: "false", label: t("people.no") },
            ]}
            autoFocus={!!trait}
          />
        ) : (
          <TextInput
            label={trait ? trait.name : t("people.trait.worth")}
            aria-label={label}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
            error={wrong ? t(`people.trait.wrong.${type}`) : undefined}
            autoFocus={!!trait}
          />
        )}
        <NativeSelect
          label={t("people.trait.type")}
          value={type}
          onChange={(event) => setType(TYPES.find((one) => one === event.currentTarget.value) ?? "text")}
          data={TYPES.map((one) => ({ value: one, label: t(`people.type.${one}`) }))}
        />
      </div>
      <div className="trait-acts">
        {trait && (
          <Button size="compact-sm" variant="subtle" color="red" onClick={() => props.onSave(trait.name, null)}>
            {t("people.trait.remove")}
          </Button>
        )}
        <span style={{ flex: 1 }} />
        <Button size="compact-sm" variant="default" onClick={props.onCancel}>
          {t("app.cancel")}
        </Button>
        <Button size="compact-sm" type="submit" disabled={!name.trim() || value === undefined}>
          {t("app.save")}
        </Button>
      </div>
    </form>
  );
}
