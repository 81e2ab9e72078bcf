import { IconPlus, IconX } from "@tabler/icons-react";
import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { t } from "@/lib/i18n";
import { Button, Input, Select, Skeleton, Switch, Textarea, TextInput } from "./controls";
import { IconButton } from "./IconButton";
import { Password } from "./Password";
import { Field, type FieldProps, Inside, useSaid } from "./SchemaForm";
import { bare, blank, join, kindOf, type Schema } from "./schema";

const Tags = lazy(() => import("./Tags"));

/** Never shown: it is set or it is not, and can be replaced. Untouched it is left out of the value. */
export function Secret(props: FieldProps) {
  const { title, help, error, told } = useSaid(props.schema, props.path);
  const [replacing, setReplacing] = useState(false);
  const isKept = told.kept?.includes(props.path) ?? false;
  const common = { label: title, description: help || undefined, error, disabled: told.disabled };
  if (isKept && !replacing && props.value === undefined) {
    return (
      <Input.Wrapper label={title} description={help || undefined} error={error} labelElement="div">
        <div className="kept">
          <span>••••••••</span>
          <span className="soft">{t("app.secret.kept")}</span>
          <Button variant="default" size="compact-sm" disabled={told.disabled} onClick={() => setReplacing(true)}>
            {t("app.secret.replace")}
            <span className="unseen"> {title}</span>
          </Button>
        </div>
      </Input.Wrapper>
    );
  }
  const text = {
    ...common,
    autoComplete: "off",
    autoFocus: replacing,
    withAsterisk: props.required && !isKept,
    value: String(props.value ?? ""),
    onChange: (event: { currentTarget: { value: string } }) => props.onChange(event.currentTarget.value || undefined),
  };
  return (
    <div>
      {props.schema["x-lines"] ? <Textarea {...text} autosize minRows={3} /> : <Password {...text} />}
      {isKept && (
        <Button
          variant="subtle"
          size="compact-sm"
          onClick={() => {
            setReplacing(false);
            props.onChange(undefined);
          }}
        >
          {t("app.secret.keep")}
        </Button>
      )}
    </div>
  );
}

/** An object, list or map that may be left out whole. */
export function Optional(props: FieldProps) {
  const { title, help, error, told } = useSaid(props.schema, props.path);
  const { schema } = bare(props.schema);
  const isSet = props.value !== null && props.value !== undefined;
  const before = useRef<unknown>(undefined);
  if (isSet) before.current = props.value;
  return (
    <fieldset className="fields group">
      <legend className="unseen">{title}</legend>
      <Switch
        label={title}
        description={help || undefined}
        error={error}
        disabled={told.disabled}
        checked={isSet}
        onChange={(event) => props.onChange(event.currentTarget.checked ? (before.current ?? blank(schema)) : null)}
      />
      {isSet && <Inside {...props} schema={schema} />}
    </fieldset>
  );
}

/** A fixed number of values side by side: from, to. */
export function Tuple(props: FieldProps) {
  const { title, error } = useSaid(props.schema, props.path);
  const { schema } = bare(props.schema);
  const values = (Array.isArray(props.value) ? props.value : blank(schema)) as unknown[];
  return (
    <Input.Wrapper label={title} error={error} labelElement="div">
      <div className="entry-row">
        {schema.prefixItems?.map((inner, n) => (
          <Field
            key={join("", n)}
            bareOf
            schema={{ ...inner, title: inner.title ?? `${title} ${n + 1}` }}
            path={join(props.path, n)}
            value={values[n]}
            onChange={(next) => props.onChange(values.with(n, next))}
          />
        ))}
      </div>
    </Input.Wrapper>
  );
}

export function List(props: FieldProps) {
  const { title, error, told } = useSaid(props.schema, props.path);
  const inner = props.schema.items as Schema;
  const values = (props.value ?? props.schema.default ?? []) as unknown[];
  const keys = useKeys(values.length);
  const add = useRef<HTMLButtonElement>(null);
  const choices = inner.enum?.map(String) ?? told.choices?.[inner["x-choices"] ?? ""];
  const kind = kindOf(inner);
  if (kind === "string" || (kind === "choice" && inner.enum?.every((one) => typeof one === "string"))) {
    const labels = inner["x-titles"];
    const data = choices?.map((one) => (typeof one === "string" ? { value: one, label: labels?.[one] ?? one } : one));
    if (kind === "choice") return <Ticks {...props} data={data ?? []} />;
    return (
      <Suspense fallback={<Skeleton height={36} />}>
        <Tags
          aria-label={title}
          error={error}
          disabled={told.disabled}
          data={data?.map((one) => one.value)}
          maxTags={props.schema.maxItems}
          value={values.map(String)}
          onChange={props.onChange}
          splitChars={[","]}
        />
      </Suspense>
    );
  }
  return (
    <>
      <ol className="entries">
        {values.map((value, n) => (
          <li key={keys.list[n]}>
            <div className="fields">
              <Field
                bareOf
                schema={{ ...inner, title: `${title} ${n + 1}` }}
                path={join(props.path, n)}
                value={value}
                onChange={(next) => props.onChange(values.with(n, next))}
              />
            </div>
            <Remove
              label={`${title} ${n + 1}`}
              disabled={told.disabled}
              onClick={() => {
                keys.remove(n);
                props.onChange(values.toSpliced(n, 1));
                add.current?.focus();
              }}
            />
          </li>
        ))}
      </ol>
      <Add
        button={add}
        label={title}
        disabled={told.disabled || values.length >= (props.schema.maxItems ?? 1_000)}
        onClick={() => props.onChange([...values, blank(inner)])}
      />
    </>
  );
}

/** Which of a few: each with a box. */
function Ticks(props: FieldProps & { data: { value: string; label: string }[] }) {
  const { told } = useSaid(props.schema, props.path);
  const chosen = (props.value ?? props.schema.default ?? []) as string[];
  return (
    <div className="ticks">
      {props.data.map((one) => (
        <label key={one.value}>
          <input
            type="checkbox"
            checked={chosen.includes(one.value)}
            disabled={told.disabled}
            onChange={(event) =>
              props.onChange(
                props.data
                  .map((each) => each.value)
                  .filter((each) => (each === one.value ? event.currentTarget.checked : chosen.includes(each))),
              )
            }
          />
          {one.label}
        </label>
      ))}
    </div>
  );
}

export function MapOf(props: FieldProps) {
  const { title, told } = useSaid(props.schema, props.path);
  const [name, setName] = useState("");
  const inner = props.schema.additionalProperties as Schema;
  const values = (props.value ?? {}) as Record<string, unknown>;
  const names = props.schema.propertyNames?.enum?.map(String).filter((one) => !(one in values));
  const titles = props.schema.propertyNames?.["x-titles"];
  const titleOf = (one: string) => titles?.[one] ?? one;
  const add = () => {
    if (!name.trim() || name.trim() in values) return;
    props.onChange({ ...values, [name.trim()]: blank(inner) });
    setName("");
  };
  return (
    <>
      <ul className="entries">
        {Object.entries(values).map(([key, value]) => (
          <li key={key}>
            <div className="fields">
              <strong>{titleOf(key)}</strong>
              <Field
                bareOf
                schema={{ ...inner, title: titleOf(key) }}
                path={join(props.path, key)}
                value={value}
                onChange={(next) => props.onChange({ ...values, [key]: next ?? null })}
              />
            </div>
            <Remove
              label={titleOf(key)}
              disabled={told.disabled}
              onClick={() => {
                const { [key]: _gone, ...rest } = values;
                props.onChange(rest);
              }}
            />
          </li>
        ))}
      </ul>
      <div className="entry-row">
        {names ? (
          <Select
            aria-label={t("app.form.name_of", { what: title })}
            data={names.map((one) => ({ value: one, label: titleOf(one) }))}
            value={name || null}
            onChange={(next) => setName(next ?? "")}
            disabled={told.disabled || !names.length}
          />
        ) : (
          <TextInput
            aria-label={t("app.form.name_of", { what: title })}
            placeholder={props.schema["x-key"]}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            disabled={told.disabled}
          />
        )}
        <Add label={title} disabled={told.disabled || !name.trim()} onClick={add} />
      </div>
    </>
  );
}

function Remove(props: { label: string; disabled?: boolean; onClick: () => void }) {
  return (
    <IconButton
      size="large"
      label={t("app.form.remove", { what: props.label })}
      Icon={IconX}
      disabled={props.disabled}
      run={props.onClick}
    />
  );
}

function Add(props: { label: string; disabled?: boolean; onClick: () => void; button?: React.Ref<HTMLButtonElement> }) {
  return (
    <Button
      ref={props.button}
      variant="default"
      leftSection={<IconPlus size={16} aria-hidden />}
      disabled={props.disabled}
      onClick={props.onClick}
      style={{ justifySelf: "start" }}
    >
      {t("app.form.add")}
      <span className="unseen"> {props.label}</span>
    </Button>
  );
}

/** Names for entries that have none, so that one removed from the middle takes its own fields with it. */
function useKeys(length: number): { list: number[]; remove: (n: number) => void } {
  const last = useRef(0);
  const keys = useRef<number[]>([]);
  while (keys.current.length < length) keys.current.push(last.current++);
  useEffect(() => {
    keys.current.length = length;
  }, [length]);
  return { list: keys.current, remove: (n) => void keys.current.splice(n, 1) };
}
