import { IconChevronDown, IconChevronRight } from "@tabler/icons-react";
import { clock, time } from "@/lib/format";
import { t, tn } from "@/lib/i18n";
import type { components } from "@/lib/schema";
import { Mark, type Tone } from "@/ui/Mark";
import { Copy } from "./Copied";
import { pretty } from "./pretty";

export type Arrived = components["schemas"]["Arrived"];

const TONES: Record<Arrived["outcome"], Tone> = { accepted: "good", partly: "warn", refused: "bad", forged: "bad" };

/** A line, and under it what came: why it was refused, the way out, the body. */
export function Arrival(props: { one: Arrived; open: boolean; onOpen: () => void }) {
  const { one, open } = props;
  const Icon = open ? IconChevronDown : IconChevronRight;
  return (
    <li>
      <button type="button" className="arrival" aria-expanded={open} onClick={props.onOpen}>
        <time className="soft num" dateTime={one.at}>
          {clock(one.at)}
        </time>
        <span>{t(`debugger.kind.${one.kind}`)}</span>
        <Mark tone={TONES[one.outcome]}>{t(`debugger.outcome.${one.outcome}`)}</Mark>
        <span className="what">
          {one.errors[0]?.message ?? one.what}
          {one.source_name && <span className="soft"> · {one.source_name}</span>}
        </span>
        <Icon size={16} aria-hidden className="soft from" />
      </button>
      {open && <More one={one} />}
    </li>
  );
}

function More({ one }: { one: Arrived }) {
  const body = pretty(one.body);
  return (
    <div className="arrival-more">
      <span className="soft">
        {time(one.at)} · {one.source_name || one.source} · {one.what} · {tn("debugger.holds", one.n)}
      </span>
      {one.errors.length > 0 && (
        <ul>
          {one.errors.map((flaw) => (
            <li key={`${flaw.at} ${flaw.message}`}>
              {flaw.at && <code>{flaw.at}</code>} {flaw.message}
            </li>
          ))}
        </ul>
      )}
      {one.way_out && (
        <p style={{ margin: 0 }}>
          <strong>{t("debugger.way_out")}</strong> {one.way_out}
        </p>
      )}
      {body && (
        <>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys */}
          <section className="body" tabIndex={0} aria-label={t("debugger.body")}>
            <pre className="raw">{body}</pre>
          </section>
          <div>
            <Copy label={t("debugger.body")} text={body} />
          </div>
        </>
      )}
    </div>
  );
}
