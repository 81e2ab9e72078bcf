import { number } from "@/lib/format";
import { t } from "@/lib/i18n";
import { Panel } from "@/ui/Page";

const COUNTS = ["new", "changed", "same", "skipped", "suppressed", "refused"] as const;
type Counted = Record<(typeof COUNTS)[number], number>;
const ALWAYS: readonly string[] = ["new", "changed", "refused"];

/** How many rows did what, or would. */
export function Counts(props: { of: Counted; stale?: boolean }) {
  return (
    <dl className={`import-counts ${props.stale ? "stale" : ""}`}>
      {COUNTS.filter((name) => props.of[name] > 0 || ALWAYS.includes(name)).map((name) => (
        <div key={name} data-bad={(name === "refused" && props.of[name] > 0) || undefined}>
          <dt className="soft">{t(`people.import.count.${name}`)}</dt>
          <dd className="num">{number(props.of[name])}</dd>
        </div>
      ))}
    </dl>
  );
}

export function Reasons(props: { of: { line: number; reason: string }[] }) {
  return (
    <Panel title={t("people.import.reasons")}>
      <ul className="rows">
        {props.of.map((one) => (
          <li key={`${one.line} ${one.reason}`}>
            <span className="soft num line-no">{t("people.import.reason.line", { n: number(one.line) })}</span>
            <span className="grows">{one.reason}</span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
