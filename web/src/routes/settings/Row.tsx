import { useEffect, useId, useRef } from "react";
import { Problem } from "@/lib/api";
import { t } from "@/lib/i18n";
import { Button } from "@/ui/controls";
import { type Choice, type Schema, SchemaForm } from "@/ui/SchemaForm";
import { drop, type Edit, edit, same } from "./edits";
import { helpOf, type Setting, schemaOf, titleOf } from "./form";

type RowProps = {
  setting: Setting;
  edit: Edit | undefined;
  problem: Problem | undefined;
  choices: Record<string, Choice[]>;
  /** It was looked for: it stands out and has the focus. */
  pointed: boolean;
  disabled: boolean;
};

/** One setting: what it is for at the left, what it is at the right. */
export function Row(props: RowProps) {
  const { setting, disabled } = props;
  const title = useId();
  const row = useRef<HTMLDivElement>(null);
  const value = props.edit ? props.edit.value : setting.value;
  const isDefault = props.edit ? props.edit.reset : !setting.is_set;
  useEffect(() => {
    if (!props.pointed) return;
    row.current?.scrollIntoView({ block: "center" });
    row.current?.querySelector<HTMLElement>("input, textarea, button")?.focus({ preventScroll: true });
  }, [props.pointed]);
  const change = (next: unknown) => {
    if (same(next, setting.value)) drop([setting.name]);
    else edit(setting.name, { value: next, reset: false });
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset's legend cannot stand beside its fields
    <div ref={row} role="group" aria-labelledby={title} className="setting" data-pointed={props.pointed || undefined}>
      <div className="setting-words">
        <h2 id={title}>
          {titleOf(setting)}
          {props.edit && <span className="dot" role="img" aria-label={t("settings.changed")} />}
        </h2>
        <p className="soft">{helpOf(setting)}</p>
        {!isDefault && !disabled && !same(value, setting.default) && (
          <Button
            variant="subtle"
            size="compact-xs"
            onClick={() => edit(setting.name, { value: setting.default, reset: true })}
          >
            {t("settings.reset")}
            <span className="unseen"> {titleOf(setting)}</span>
          </Button>
        )}
      </div>
      <div className="setting-field">
        <SchemaForm
          schema={named(schemaOf(setting))}
          value={value}
          onChange={change}
          problem={props.problem && of(props.problem, setting.name)}
          under={setting.name}
          choices={props.choices}
          disabled={disabled}
        />
        <Whole problem={props.problem} setting={setting} />
      </div>
    </div>
  );
}

/** What is wrong with an object as a whole stands under it: the form has no place for it. */
function Whole(props: { problem: Problem | undefined; setting: Setting }) {
  const said = props.problem?.of(props.setting.name);
  const schema = props.setting.schema as Schema;
  const hasPlace = schema.anyOf || !["object", "array"].includes(String(schema.type));
  if (!said || hasPlace) return null;
  return (
    <p role="alert" className="bad">
      {said}
    </p>
  );
}

const of = (problem: Problem, name: string): Problem => {
  const own = problem.errors.filter(({ at }) => at === name || at.startsWith(`${name}.`) || at.startsWith(`${name}[`));
  return new Problem(problem.status, problem.code, problem.title, own);
};

/** What may be left out whole is switched on; its name stands beside it already. */
const named = (schema: Schema): Schema =>
  schema.anyOf?.some((one) => one.properties) ? { ...schema, title: t("settings.on") } : schema;
