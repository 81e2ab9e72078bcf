import "./forms.css";
import { createContext, useContext } from "react";
import type { Problem } from "@/lib/api";
import { locale, say, t } from "@/lib/i18n";
import { Select, Switch, Textarea, TextInput } from "./controls";
import { Numeric } from "./SchemaNumber";
import { List, MapOf, Optional, Secret, Tuple } from "./SchemaParts";
import { bare, join, kindOf, type Schema, wordsAt } from "./schema";

export type { Schema } from "./schema";

export type Choice = { value: string; label: string };
type Told = {
  problem?: Problem;
  /** What stands before the form's own paths in `problem.errors`: "settings" for `settings.host`. */
  under?: string;
  /** Before the keys of words: "setting.quiet_hours" finds `setting.quiet_hours.start.title`. */
  words?: string;
  /** The paths of secrets that the server has. */
  kept?: string[];
  /** What may be chosen where the schema says `x-choices`. */
  choices?: Record<string, Choice[]>;
  disabled?: boolean;
};
const Context = createContext<Told>({});

export type FieldProps = {
  schema: Schema;
  path: string;
  value: unknown;
  onChange: (next: unknown) => void;
  required?: boolean;
  /** In a list or map, where the entry has a name already. */
  bareOf?: boolean;
};

/** A form for a value that a JSON Schema describes: the value in, the whole new value out. Optional values that were
 *  emptied are null where null is allowed, and left out where it is not. */
export function SchemaForm(
  props: Told & { schema: Schema; value: unknown; onChange: (next: never) => void; label?: string },
) {
  const { schema, value, onChange, label, ...told } = props;
  const isGroup = ["object", "map"].includes(kindOf(schema));
  return (
    <Context.Provider value={told}>
      <div className="fields">
        {isGroup ? (
          <Inside schema={schema} path="" value={value} onChange={onChange as (next: unknown) => void} />
        ) : (
          <Field
            schema={label ? { ...schema, title: label } : schema}
            path=""
            value={value}
            onChange={onChange as (next: unknown) => void}
          />
        )}
      </div>
    </Context.Provider>
  );
}

/** What is said of a place: its title, its help, what was refused there. */
export function useSaid(schema: Schema, path: string) {
  const told = useContext(Context);
  const whole = [told.under, path].filter(Boolean).join(".").replace(".[", "[");
  const kind = kindOf(schema);
  const isLeaf = !["object", "map", "list", "optional"].includes(kind);
  const found = told.problem?.errors.filter(
    ({ at }) => at === whole || (isLeaf && (at.startsWith(`${whole}.`) || at.startsWith(`${whole}[`))),
  );
  const name = path.slice(path.lastIndexOf(".") + 1).replace(/\[\d+\]/g, "");
  return {
    title: say(wordsAt(told.words ?? "", path, "title"), schema.title ?? name.replace(/_/g, " ")),
    help: say(wordsAt(told.words ?? "", path, "help"), schema.description ?? ""),
    error: found?.length ? found.map((flaw) => flaw.message).join(" ") : undefined,
    told,
  };
}

export function Field(props: FieldProps) {
  switch (kindOf(props.schema)) {
    case "secret":
      return <Secret {...props} />;
    case "optional":
      return <Optional {...props} />;
    case "choice":
      return <Chosen {...props} />;
    case "boolean":
      return <Yes {...props} />;
    case "number":
      return <Numeric {...props} />;
    case "string":
      return <Words {...props} />;
    case "tuple":
      return <Tuple {...props} />;
    case "list":
    case "map":
    case "object":
      return <Group {...props} />;
    default:
      return <Raw {...props} />;
  }
}

function Group(props: FieldProps) {
  const { title, help, error } = useSaid(props.schema, props.path);
  return (
    <fieldset className="fields group">
      <legend className={props.bareOf ? "unseen" : undefined}>{title}</legend>
      {help && !props.bareOf && <p className="soft">{help}</p>}
      {error && (
        <p role="alert" className="bad">
          {error}
        </p>
      )}
      <Inside {...props} />
    </fieldset>
  );
}

/** What is in an object, a list or a map, without a frame. */
export function Inside(props: FieldProps) {
  const { schema } = bare(props.schema);
  const kind = kindOf({ ...schema, anyOf: undefined });
  if (kind === "list") return <List {...props} schema={schema} />;
  if (kind === "map") return <MapOf {...props} schema={schema} />;
  const value = (props.value ?? {}) as Record<string, unknown>;
  const fields = Object.entries(schema.properties ?? {}).filter(([, inner]) => !inner.readOnly);
  const shown = ([name, inner]: [string, Schema]) => (
    <Field
      key={name}
      schema={inner}
      path={join(props.path, name)}
      value={value[name]}
      required={schema.required?.includes(name)}
      onChange={(next) => {
        const { [name]: _before, ...rest } = value;
        props.onChange(next === undefined ? rest : { ...value, [name]: next });
      }}
    />
  );
  const rare = fields.filter(([, inner]) => inner["x-advanced"]);
  return (
    <>
      {fields.filter(([, inner]) => !inner["x-advanced"]).map(shown)}
      {rare.length > 0 && (
        <details>
          <summary>{t("app.form.rare")}</summary>
          <div className="fields">{rare.map(shown)}</div>
        </details>
      )}
    </>
  );
}

export const useCommon = (props: FieldProps) => {
  const { title, help, error, told } = useSaid(props.schema, props.path);
  return {
    label: props.bareOf ? undefined : title,
    "aria-label": props.bareOf ? title : undefined,
    description: props.bareOf ? undefined : help || undefined,
    error,
    disabled: told.disabled,
    withAsterisk: props.required && !props.bareOf,
  };
};

function Yes(props: FieldProps) {
  const { label, description, error, disabled } = useCommon(props);
  const checked = Boolean(props.value ?? bare(props.schema).schema.default);
  return (
    <Switch
      label={label}
      description={description}
      error={error}
      disabled={disabled}
      checked={checked}
      onChange={(event) => props.onChange(event.currentTarget.checked)}
    />
  );
}

function Chosen(props: FieldProps) {
  const common = useCommon(props);
  const { schema, nullable } = bare(props.schema);
  const data = (schema.enum ?? [])
    .filter((one) => one !== null)
    .map((one) => ({ value: String(one), label: schema["x-titles"]?.[String(one)] ?? String(one) }));
  const value = props.value ?? schema.default;
  const given = new Map((schema.enum ?? []).map((one) => [String(one), one]));
  return (
    <Select
      {...common}
      data={data}
      value={value === undefined || value === null ? null : String(value)}
      onChange={(next) => props.onChange(next === null ? (nullable ? null : undefined) : given.get(next))}
      clearable={nullable}
      allowDeselect={nullable}
      clearButtonProps={{ "aria-label": t("app.form.clear") }}
    />
  );
}

/** What may be chosen by its format; everything else may still be there. */
const KNOWN: Record<string, () => (string | Choice)[]> = {
  timezone: () => ["UTC", ...Intl.supportedValuesOf("timeZone")],
  currency: () => {
    const names = new Intl.DisplayNames(locale, { type: "currency" });
    return Intl.supportedValuesOf("currency").map((value) => ({ value, label: `${value}: ${names.of(value)}` }));
  },
};

const TYPES: Record<string, string> = { email: "email", uri: "url", date: "date", "date-time": "datetime-local" };

function Words(props: FieldProps) {
  const common = useCommon(props);
  const { told } = useSaid(props.schema, props.path);
  const { schema, nullable } = bare(props.schema);
  const value = String(props.value ?? schema.default ?? "");
  const data = KNOWN[schema.format ?? ""]?.() ?? told.choices?.[schema["x-choices"] ?? ""];
  const become = (next: string) => props.onChange(next === "" && nullable ? null : next);
  if (data) {
    return (
      <Select
        {...common}
        searchable
        data={withOwn(data, value)}
        value={value || null}
        onChange={(one) => become(one ?? "")}
      />
    );
  }
  const example = schema.examples?.[0];
  const text = {
    ...common,
    value,
    maxLength: schema.maxLength,
    placeholder: typeof example === "string" ? example : undefined,
    onChange: (event: { currentTarget: { value: string } }) => become(event.currentTarget.value),
  };
  if (schema["x-lines"]) return <Textarea {...text} autosize minRows={3} />;
  if (schema.format !== "color") return <TextInput {...text} type={TYPES[schema.format ?? ""] ?? "text"} />;
  const picker = (
    <input
      type="color"
      aria-label={t("app.form.colour")}
      value={/^#[0-9a-f]{6}$/i.test(value) ? value : "#4051b5"}
      onChange={(event) => become(event.currentTarget.value)}
    />
  );
  return <TextInput {...text} leftSection={picker} leftSectionWidth={44} />;
}

const withOwn = (data: (string | Choice)[], value: string): (string | Choice)[] =>
  !value || data.some((one) => (typeof one === "string" ? one : one.value) === value) ? data : [...data, value];

/** What has no form of its own is written as JSON; what is no JSON yet is kept, and not handed on. */
function Raw(props: FieldProps) {
  const common = useCommon(props);
  return (
    <Textarea
      {...common}
      key={JSON.stringify(props.value)}
      autosize
      minRows={2}
      defaultValue={JSON.stringify(props.value ?? bare(props.schema).schema.default ?? null, null, 2)}
      styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }}
      onBlur={(event) => {
        try {
          props.onChange(JSON.parse(event.currentTarget.value));
          event.currentTarget.setCustomValidity("");
        } catch {
          event.currentTarget.setCustomValidity(t("app.form.no_json"));
          event.currentTarget.reportValidity();
        }
      }}
    />
  );
}
