import { IconPlus } from "@tabler/icons-react";
import { now } from "@/lib/company";
import { t } from "@/lib/i18n";
import { Button } from "@/ui/controls";
import { Amount, Choice, Duration, Named, Optional, Words } from "./Controls";
import { eventsOf, measureIn, measureName, nameIn, namesFor, slotName, useKnown } from "./known";
import type { Slot } from "./segments";
import { isRule, put, type Rule } from "./tree";
import { Comparison } from "./Value";

export type PartProps = { slot: Slot; leaf: Rule; onChange: (leaf: Rule) => void; bad?: boolean };

const text = (value: unknown): string => (typeof value === "string" ? value : "");

/** Conditions on properties of an event: `where`. */
export function Conditions(props: {
  leaf: Rule;
  events: Rule;
  allowed: string[];
  onChange: (where: Rule[] | undefined) => void;
}) {
  const known = useKnown();
  const where = Array.isArray(props.leaf.where) ? props.leaf.where.filter(isRule) : [];
  const names = namesFor(known, "properties", props.events);
  const become = (next: Rule[]) => props.onChange(next.length ? next : undefined);
  const replace = (n: number, next: Rule) => become(where.map((one, m) => (m === n ? next : one)));
  return (
    <span className="wheres">
      {where.map((one, n) => (
        <Optional
          key={n}
          word
          label={n ? t("segments.and_where") : t("segments.slot.where")}
          remove={() => become(where.filter((_, m) => m !== n))}
        >
          <Named
            label={t("segments.property")}
            value={text(one.property)}
            names={names.map((name) => name.name)}
            onChange={(property) => replace(n, { ...one, property })}
          />
          <Comparison
            value={one}
            allowed={props.allowed}
            name={nameIn(names, one.property)}
            onChange={(next) => replace(n, next)}
          />
        </Optional>
      ))}
      {where.length > 0 && (
        <Button
          size="compact-xs"
          variant="subtle"
          leftSection={<IconPlus size={12} aria-hidden />}
          onClick={() => become([...where, { property: "", op: "eq", value: "" }])}
        >
          {t("segments.where.add")}
        </Button>
      )}
    </span>
  );
}

/** What of the events is counted, summed or looked at, and what it is compared with. */
export function MeasurePart(props: PartProps & { remove: () => void }) {
  const known = useKnown();
  const { leaf } = props;
  const measure = measureIn(known, leaf);
  if (!measure) return null;
  const given = isRule(leaf[measure.name]) ? (leaf[measure.name] as Rule) : {};
  const names = namesFor(known, "properties", leaf);
  const offered = known.measures.filter((one) => !props.slot.choices?.length || props.slot.choices.includes(one.name));
  const hasProperty = measure.property === "always" || "property" in given;
  const become = (of: string, next: Rule) => props.onChange({ ...put(leaf, measure.name, undefined), [of]: next });
  return (
    <Optional label={t("segments.measure")} remove={props.remove}>
      <Choice
        label={t("segments.measure")}
        value={measure.name}
        options={offered.map((one) => ({ value: one.name, label: measureName(one.name) }))}
        onChange={(of) => become(of, measureStart(known.measures.find((one) => one.name === of)?.property, of))}
      />
      {hasProperty && (
        <Named
          label={t("segments.property")}
          value={text(given.property)}
          names={names.map((name) => name.name)}
          onChange={(property) => become(measure.name, { ...given, property })}
        />
      )}
      <Comparison
        value={given}
        allowed={hasProperty ? measure.operators : measure.bare}
        name={hasProperty ? nameIn(names, given.property) : undefined}
        bad={props.bad}
        onChange={(next) => become(measure.name, next)}
      />
    </Optional>
  );
}

/** A measure as it begins. */
export function measureStart(property: "never" | "always" | "maybe" | undefined, of: string): Rule {
  if (property === "never") return { op: "gte", value: of === "count" ? 2 : 1 };
  if (property === "maybe") return { op: "within", value: "30d" };
  return of === "most" ? { property: "", op: "eq", value: "" } : { property: "", op: "gte", value: 1 };
}

const WINDOWS = ["within", "ago", "both", "calendar", "fixed"] as const;
type WindowMode = (typeof WINDOWS)[number];
const KEYS = ["within", "zone", "ago", "from", "to"];

export const hasWindow = (leaf: Rule): boolean => KEYS.some((key) => key in leaf);
export const noWindow = (leaf: Rule): Rule => KEYS.reduce((found, key) => put(found, key, undefined), leaf);

const modeOf = (leaf: Rule): WindowMode =>
  isRule(leaf.within)
    ? "calendar"
    : "from" in leaf || "to" in leaf
      ? "fixed"
      : "ago" in leaf
        ? "within" in leaf
          ? "both"
          : "ago"
        : "within";

const today = () => new Date(now()).toISOString().slice(0, 10);
const STARTS: Record<WindowMode, () => Rule> = {
  within: () => ({ within: "30d" }),
  ago: () => ({ ago: "30d" }),
  both: () => ({ within: "60d", ago: "30d" }),
  calendar: () => ({ within: { months: 1 } }),
  fixed: () => ({ from: `${today().slice(0, 4)}-01-01`, to: today() }),
};

/** Since when. */
export function WindowPart(props: PartProps & { remove: () => void }) {
  const { leaf, onChange } = props;
  const mode = modeOf(leaf);
  const set = (key: string) => (value: unknown) => onChange(put(leaf, key, value));
  return (
    <Optional label={t("segments.window")} remove={props.remove}>
      <Choice
        label={t("segments.window")}
        value={mode}
        options={WINDOWS.map((one) => ({ value: one, label: t(`segments.window.${one}`) }))}
        onChange={(next) =>
          onChange({ ...noWindow(leaf), ...STARTS[WINDOWS.find((one) => one === next) ?? "within"]() })
        }
      />
      {typeof leaf.within === "string" && (
        <Duration label={slotName("within")} value={leaf.within} bad={props.bad} onChange={set("within")} />
      )}
      {mode === "both" && <span className="soft">{t("segments.window.but")}</span>}
      {typeof leaf.ago === "string" && (
        <Duration label={slotName("ago")} value={leaf.ago} bad={props.bad} onChange={set("ago")} />
      )}
      {isRule(leaf.within) && <Calendar within={leaf.within} onChange={set("within")} />}
      {mode === "fixed" && (
        <span className="together">
          <Words
            label={slotName("from")}
            type="date"
            value={text(leaf.from).slice(0, 10)}
            onChange={(next) => set("from")(next || undefined)}
          />
          <span className="soft">–</span>
          <Words
            label={slotName("to")}
            type="date"
            value={text(leaf.to).slice(0, 10)}
            onChange={(next) => set("to")(next || undefined)}
          />
        </span>
      )}
    </Optional>
  );
}

const CALENDAR = ["days", "weeks", "months", "years"] as const;

function Calendar(props: { within: Rule; onChange: (next: Rule) => void }) {
  const unit = CALENDAR.find((one) => one in props.within) ?? "days";
  const n = typeof props.within[unit] === "number" ? (props.within[unit] as number) : 1;
  return (
    <span className="together">
      <Amount
        label={slotName("within")}
        whole
        least={1}
        value={n}
        onChange={(next) => props.onChange({ [unit]: next })}
      />
      <Choice
        label={t("segments.unit")}
        value={unit}
        options={CALENDAR.map((one) => ({ value: one, label: t(`segments.unit.${one}`) }))}
        onChange={(next) => props.onChange({ [next]: n })}
      />
    </span>
  );
}

/** One event after the other. */
export function Steps(props: PartProps) {
  const known = useKnown();
  const steps: unknown[] = Array.isArray(props.leaf.sequence) ? props.leaf.sequence : [];
  const names = known.known.events.map((one) => one.name);
  const become = (next: unknown[]) => props.onChange({ ...props.leaf, sequence: next });
  const replace = (n: number, next: unknown) => become(steps.map((one, m) => (m === n ? next : one)));
  const least = props.slot.least ?? 2;
  return (
    <span className="wheres">
      {steps.map((step, n) => {
        const asRule: Rule = isRule(step) ? step : { event: step };
        return (
          <Optional
            key={n}
            word={n > 0}
            label={n ? t("segments.then") : t("segments.step")}
            remove={steps.length > least ? () => become(steps.filter((_, m) => m !== n)) : undefined}
          >
            <Named
              label={t("segments.step")}
              value={text(asRule.event)}
              names={names}
              bad={props.bad && !asRule.event}
              onChange={(event) => replace(n, isRule(step) ? { ...step, event } : event)}
            />
            {isRule(step) && (
              <Conditions
                leaf={step}
                events={{ event: eventsOf(step) }}
                allowed={known.operators.map((one) => one.name)}
                onChange={(where) => replace(n, where ? { ...step, where } : text(step.event))}
              />
            )}
          </Optional>
        );
      })}
      {steps.length < (props.slot.most ?? 10) && (
        <Button
          size="compact-xs"
          variant="subtle"
          leftSection={<IconPlus size={12} aria-hidden />}
          onClick={() => become([...steps, ""])}
        >
          {t("segments.step.add")}
        </Button>
      )}
    </span>
  );
}
