/** One of a few, side by side: smaller than a control of the kit, for this screen carries a lot. */
export function Either<T extends string>(props: {
  label: string;
  value: string;
  options: (readonly [T, string])[];
  onChange: (value: T) => void;
  className?: string;
}) {
  return (
    <fieldset className={`either ${props.className ?? ""}`}>
      <legend className="unseen">{props.label}</legend>
      {props.options.map(([value, label]) => (
        <button key={value} type="button" aria-pressed={value === props.value} onClick={() => props.onChange(value)}>
          {label}
        </button>
      ))}
    </fieldset>
  );
}
