import { Link } from "@tanstack/react-router";
import { number, percent, time } from "@/lib/format";
import { say, t } from "@/lib/i18n";
import { Anchor } from "@/ui/controls";
import type { Part } from "../campaign";

/** People by reason, each with a few of them and what was found. */
export function Parts(props: { title: string; parts: Part[]; people: number; open?: boolean }) {
  if (!props.parts.length) return null;
  return (
    <section>
      <h3>{props.title}</h3>
      <ul className="parts">
        {props.parts.map((part) => (
          <li key={part.name}>
            <details>
              <summary>
                <span>{say(`campaigns.reason.${part.name}`, part.name)}</span>
                <b className="num">{number(part.n)}</b>
                <span className="soft num">{percent(props.people ? part.n / props.people : 0)}</span>
              </summary>
              <p className="soft small">{t("campaigns.review.examples")}</p>
              <ul>
                {part.examples.map((one) => (
                  <li key={one.profile}>
                    <Anchor component={Link} to={`/people/id:${one.profile}`} size="sm">
                      {one.person}
                    </Anchor>{" "}
                    <span className="soft">
                      {one.because}
                      {one.until && ` · ${t("campaigns.until", { at: time(one.until) })}`}
                    </span>
                  </li>
                ))}
              </ul>
            </details>
          </li>
        ))}
      </ul>
    </section>
  );
}
