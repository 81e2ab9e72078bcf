import { IconX } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { t } from "@/lib/i18n";
import { Autocomplete, NativeSelect, TextInput } from "@/ui/controls";
import { IconButton } from "@/ui/IconButton";
import { useTyped } from "./typed";

export type Control<T> = { label: string; value: T; onChange: (next: T) => void; bad?: boolean };

const SHOWN = 60;

/** A name: one that is known, or any other. */
export function Named(props: Control<string> & { names: string[]; placeholder?: string }) {
  const typed = useTyped(props.value, props.onChange);
  return (
    <Autocomplete
      size="xs"
      className="named"
      style={{ "--chars": Math.max(9, Math.min(30, typed.text.length + 2)) }}
      aria-label={props.label}
      placeholder={props.placeholder ?? props.label}
      data={[...new Set(props.names)]}
      limit={SHOWN}
      error={props.bad}
      value={typed.text}
      onChange={typed.type}
      onBlur={typed.leave}
      comboboxProps={{ width: "max-content", position: "bottom-start" }}
    />
  );
}

export function Words(props: Control<string> & { type?: "text" | "date" | "time" | "datetime-local" }) {
  const typed = useTyped(props.value, props.onChange);
  return (
    <TextInput
      size="xs"
      className="named"
      style={{ "--chars": props.type && props.type !== "text" ? 13 : Math.max(9, Math.min(30, typed.text.length + 2)) }}
      type={props.type}
      aria-label={props.label}
      placeholder={props.label}
      error={props.bad}
      value={typed.text}
      onChange={(event) => typed.type(event.currentTarget.value)}
      onBlur={typed.leave}
    />
  );
}

export function Amount(props: Control<number> & { least?: number | null; most?: number | null; whole?: boolean }) {
  const typed = useTyped(String(props.value), (next) => {
    const found = Number(next);
    if (next !== "" && Number.isFinite(found)) props.onChange(found);
  });
  return (
    <TextInput
      size="xs"
      type="number"
      className="amount"
      aria-label={props.label}
      min={props.least ?? undefined}
      max={props.most ?? undefined}
      step={props.whole ? 1 : "any"}
      error={props.bad}
      value={typed.text}
      onChange={(event) => typed.type(event.currentTarget.value)}
      onBlur={typed.leave}
    />
  );
}

export type Option = { value: string; label: string };

export function Choice(props: Control<string> & { options: Option[] }) {
  const options = props.options.some((one) => one.value === props.value)
    ? props.options
    : [{ value: props.value, label: props.value || "–" }, ...props.options];
  return (
    <NativeSelect
      size="xs"
      className="choice"
      aria-label={props.label}
      data={options}
      error={props.bad}
      value={props.value}
      onChange={(event) => props.onChange(event.currentTarget.value)}
    />
  );
}

const UNITS = ["m", "h", "d"];

/** `21d`, `4h`: a number and what of. */
export function Duration(props: Control<string> & { units?: string[] }) {
  const found = /^(\d+)([smhd])$/.exec(props.value);
  const [n, unit] = [Number(found?.[1] ?? 1), found?.[2] ?? "d"];
  const units = props.units ?? UNITS;
  const shown = units.includes(unit) ? units : [unit, ...units];
  return (
    <span className="together">
      <Amount
        label={props.label}
        value={n}
        least={0}
        whole
        bad={props.bad}
        onChange={(next) => props.onChange(`${next}${unit}`)}
      />
      <Choice
        label={t("segments.unit")}
        value={unit}
        options={shown.map((one) => ({ value: one, label: unitName(one) }))}
        onChange={(next) => props.onChange(`${n}${next}`)}
      />
    </span>
  );
}

const unitName = (unit: string): string =>
  t(
    unit === "s"
      ? "segments.unit.s"
      : unit === "m"
        ? "segments.unit.m"
        : unit === "h"
          ? "segments.unit.h"
          : "segments.unit.d",
  );

/** Something that may be left out again. */
export function Optional(props: { label: string; remove?: () => void; word?: boolean; children: ReactNode }) {
  return (
    <span className="slot">
      {props.word && <span className="soft">{props.label}</span>}
      {props.children}
      {props.remove && (
        <IconButton
          size="small"
          label={t("segments.take_away", { what: props.label })}
          Icon={IconX}
          run={props.remove}
        />
      )}
    </span>
  );
}
