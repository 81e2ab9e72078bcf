import { useState } from "react";
import { currency } from "@/lib/company";
import { say, t } from "@/lib/i18n";
import { Input, NativeSelect, NumberInput } from "./controls";
import { type FieldProps, useCommon } from "./SchemaForm";
import { bare, isTime, type Schema } from "./schema";
import { TIMES, type Time, timeOf } from "./times";

const digits = (value: number): number => Number(value.toPrecision(12));

/** What the value and the limits of a schema are in this unit, and what is typed there in the schema's own. */
function scaled(props: FieldProps, scale: number) {
  const { schema, nullable } = bare(props.schema);
  const value = props.value === undefined ? schema.default : props.value;
  const shown = (limit: number | undefined) => (limit === undefined ? undefined : digits(limit / scale));
  return {
    value: typeof value === "number" ? digits(value / scale) : ("" as const),
    onChange: (next: string | number) => {
      if (typeof next === "number") props.onChange(digits(next * scale));
      else if (next === "") props.onChange(nullable ? null : undefined);
    },
    min: shown(schema.minimum),
    max: shown(schema.maximum),
    clampBehavior: "none" as const,
  };
}

export function Numeric(props: FieldProps) {
  const { schema } = bare(props.schema);
  const common = useCommon(props);
  if (isTime(schema, props.path)) return <Span {...props} />;
  const scale = schema["x-unit"] === "share" ? 0.01 : 1;
  const whole = [schema.type].flat().includes("integer");
  return (
    <NumberInput
      {...common}
      {...scaled(props, scale)}
      allowDecimal={!whole || scale !== 1}
      suffix={suffixOf(schema["x-unit"])}
      maw={220}
    />
  );
}

function suffixOf(unit: Schema["x-unit"]): string | undefined {
  if (!unit) return undefined;
  if (unit === "share") return " %";
  return unit === "money" ? ` ${currency() ?? ""}` : ` ${say(`app.unit.${unit}`, unit)}`;
}

/** A length of time: so many of a unit. It is kept in seconds. */
function Span(props: FieldProps) {
  const { label, description, error, withAsterisk, disabled, ...named } = useCommon(props);
  const { schema } = bare(props.schema);
  const value = props.value === undefined ? schema.default : props.value;
  const [unit, setUnit] = useState<Time>(() => timeOf(typeof value === "number" ? value : schema.examples?.[0]));
  const { onChange, ...number } = scaled(props, TIMES[unit]);
  const become = (next: Time) => {
    setUnit(next);
    if (typeof number.value === "number") props.onChange(digits(number.value * TIMES[next]));
  };
  const title = String(label ?? named["aria-label"]);
  return (
    <Input.Wrapper {...{ label, description, error, withAsterisk }} labelElement="div">
      <div className="span-row">
        <NumberInput
          {...number}
          aria-label={title}
          error={Boolean(error)}
          disabled={disabled}
          onChange={onChange}
          thousandSeparator=" "
        />
        <NativeSelect
          aria-label={t("app.unit.of", { what: title })}
          disabled={disabled}
          value={unit}
          data={Object.keys(TIMES).map((one) => ({ value: one, label: t(`app.unit.${one as Time}`) }))}
          onChange={(event) => become(event.currentTarget.value as Time)}
        />
      </div>
    </Input.Wrapper>
  );
}
