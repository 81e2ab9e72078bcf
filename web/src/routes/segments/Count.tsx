import { Link } from "@tanstack/react-router";
import { number } from "@/lib/format";
import { t, tn } from "@/lib/i18n";
import { Bars } from "@/ui/Bars";
import { Channel } from "@/ui/Channel";
import { Panel } from "@/ui/Page";
import { Failed, Waiting } from "@/ui/State";
import type { useCount } from "./count";
import type { Preview } from "./segments";

/** How many people a rule finds, how they can be reached, and some of them. */
export function Count(props: { count: ReturnType<typeof useCount>; whole: boolean; empty: boolean }) {
  const { data, settled, stale, problem } = props.count;
  const placed = problem?.errors.some((flaw) => flaw.at.startsWith("rule"));
  return (
    <Panel title={t("segments.count")} className="count">
      <p role="status" className="unseen">
        {settled && data ? tn("segments.people", data.count) : ""}
      </p>
      {problem && !placed && <Failed error={problem} />}
      {problem && placed && <p className="bad small">{t("segments.count.flawed")}</p>}
      {!problem && props.empty && <p className="soft small">{t("segments.count.empty")}</p>}
      {!problem && !props.empty && !props.whole && <p className="soft small">{t("segments.count.unfinished")}</p>}
      {data ? (
        <Found data={data} stale={stale || !!problem} />
      ) : (
        !problem && props.whole && <Waiting rows={4} height={28} />
      )}
    </Panel>
  );
}

function Found({ data, stale }: { data: Preview; stale: boolean }) {
  const channels = Object.entries(data.reach).sort(([, a], [, b]) => b - a);
  return (
    <div className={stale ? "stale found" : "found"} aria-busy={stale}>
      <div>
        <span className="figure">
          {data.exact ? number(data.count) : t("segments.about", { n: number(data.count) })}
        </span>{" "}
        <span className="soft small">
          {data.exact ? tn("segments.count.exact", data.count) : t("segments.count.margin", { n: number(data.margin) })}
        </span>
      </div>
      <section aria-label={t("segments.reach")}>
        <h3>{t("segments.reach")}</h3>
        {channels.length ? (
          <Bars
            label={t("segments.reach")}
            most={Math.max(1, data.count)}
            bars={channels.map(([channel, n]) => ({
              key: channel,
              label: <Channel name={channel} />,
              value: n,
              channel,
            }))}
          />
        ) : (
          <p className="soft small">{t("segments.reach.none")}</p>
        )}
      </section>
      <section aria-label={t("segments.sample")}>
        <h3>{t("segments.sample")}</h3>
        {data.sample.length ? (
          <ul className="sample">
            {data.sample.map((person) => (
              <li key={person.profile}>
                <Link to="/people/$who" params={{ who: person.profile }} target="_blank">
                  {person.name || person.external_id || person.profile}
                </Link>
                {person.name && person.external_id && <span className="soft small">{person.external_id}</span>}
              </li>
            ))}
          </ul>
        ) : (
          <p className="soft small">{t("segments.sample.none")}</p>
        )}
      </section>
    </div>
  );
}
