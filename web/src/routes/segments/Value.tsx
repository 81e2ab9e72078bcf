import { t } from "@/lib/i18n";
import { TagsInput } from "@/ui/controls";
import { Amount, Choice, type Control, Duration, Named, Words } from "./Controls";
import { operatorIn, operatorName, operatorsFor, useKnown, valueFor } from "./known";
import type { Name, Operator } from "./segments";
import { isRule, type Rule } from "./tree";

type Any = Control<unknown> & { name?: Name };

const shown = (value: unknown): string =>
  typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? String(value) : "";
const examples = (name?: Name): string[] => (name?.examples ?? []).map(shown).filter(Boolean);

/** As which type a text is meant, where nobody knows: JSON tells 1 from "1". */
function meant(text: string, before: unknown, name?: Name): unknown {
  const isNumber = text.trim() !== "" && Number.isFinite(Number(text));
  const wantsNumber = name ? name.type === "number" || (name.type !== "text" && typeof before === "number") : false;
  return isNumber && wantsNumber ? Number(text) : text;
}

function Scalar(props: Any) {
  const { value, name } = props;
  const type = typeof value === "boolean" ? "boolean" : typeof value === "number" ? "number" : name?.type;
  if (type === "boolean")
    return (
      <Choice
        {...props}
        value={shown(value)}
        options={["true", "false"].map((one) => ({
          value: one,
          label: t(one === "true" ? "segments.yes" : "segments.no"),
        }))}
        onChange={(next) => props.onChange(next === "true")}
      />
    );
  if (type === "number" && typeof value === "number") return <Amount {...props} value={value} />;
  return (
    <Named
      {...props}
      value={shown(value)}
      names={examples(name)}
      onChange={(next) => props.onChange(meant(next, value, name))}
    />
  );
}

function Choices(props: Any) {
  const chosen = Array.isArray(props.value) ? props.value : [];
  return (
    <TagsInput
      size="xs"
      className="tags"
      aria-label={props.label}
      placeholder={chosen.length ? undefined : props.label}
      error={props.bad}
      data={examples(props.name)}
      value={chosen.map(shown)}
      onChange={(next) =>
        props.onChange(next.map((one) => chosen.find((each) => shown(each) === one) ?? meant(one, 0, props.name)))
      }
    />
  );
}

function Instant(props: Any) {
  const text = shown(props.value);
  return <Words {...props} type={/^\d{4}-\d\d-\d\d$/.test(text) || !text ? "date" : "text"} value={text} />;
}

const CONTROLS: Record<Operator["value"], (props: Any) => React.JSX.Element> = {
  scalar: Scalar,
  number: (props) => <Amount {...props} value={typeof props.value === "number" ? props.value : 0} />,
  text: (props) => <Words {...props} value={shown(props.value)} />,
  choices: Choices,
  flag: (props) => <Scalar {...props} value={props.value !== false} />,
  instant: Instant,
  duration: (props) => <Duration {...props} value={shown(props.value)} />,
  days: (props) => <Duration {...props} value={shown(props.value)} units={["d"]} />,
};

export function Value(props: Any & { kind: Operator["value"] }) {
  const Control = CONTROLS[props.kind];
  return <Control {...props} />;
}

/** Operator and value, as they stand in an object. */
export function Comparison(props: {
  value: unknown;
  allowed: string[];
  name?: Name;
  bad?: boolean;
  onChange: (next: Rule) => void;
}) {
  const known = useKnown();
  const compared = isRule(props.value) ? props.value : {};
  const operator = operatorIn(known, compared.op);
  const operators = operatorsFor(known, props.allowed, props.name?.type ?? "", compared.op);
  return (
    <span className="together">
      <Choice
        label={t("segments.operator")}
        value={shown(compared.op)}
        options={operators.map((one) => ({ value: one.name, label: operatorName(one.name) }))}
        onChange={(op) =>
          props.onChange({ ...compared, op, value: valueFor(operatorIn(known, op), compared.value, props.name) })
        }
      />
      <Value
        kind={operator?.value ?? "scalar"}
        label={t("segments.value")}
        name={props.name}
        bad={props.bad}
        value={compared.value ?? (operator?.value === "flag" ? true : "")}
        onChange={(value) => props.onChange({ ...compared, value })}
      />
    </span>
  );
}
