import { IconCheck, IconX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { api, ask } from "@/lib/api";
import { number } from "@/lib/format";
import { say, t } from "@/lib/i18n";
import { useUrlState } from "@/lib/url";
import { Mark } from "@/ui/Mark";
import { Panel } from "@/ui/Page";
import { Empty, Loaded } from "@/ui/State";
import { When } from "@/ui/When";
import { operatorName } from "./known";
import { FindPerson } from "./People";
import type { Explanation, SegmentPage } from "./segments";
import { isRule } from "./tree";

/** Why somebody is in or not: part by part of the rule, with what was found, and what would change it. */
export function Explain({ one }: { one: SegmentPage }) {
  const [who, setWho] = useUrlState<string>("who", "");
  const query = useQuery({
    queryKey: ["segments", "explain", one.id, who],
    queryFn: () =>
      ask(api.GET("/api/v1/segments/{segment}/explain/{who}", { params: { path: { segment: one.id, who } } })),
    enabled: who !== "",
    placeholderData: (before) => before,
    retry: false,
  });
  return (
    <Panel>
      <div className="stack">
        <div className="adding">
          <FindPerson
            label={t("segments.explain.who")}
            keep
            onChoose={(person) => person.identifier && setWho(`${person.identifier.kind}:${person.identifier.value}`)}
          />
        </div>
        {who ? (
          <Loaded query={query} rows={5}>
            {(found) => <Explained found={found} who={who} />}
          </Loaded>
        ) : (
          <Empty title={t("segments.explain.none")} text={t("segments.explain.text")} />
        )}
      </div>
    </Panel>
  );
}

function Explained({ found, who }: { found: Explanation; who: string }) {
  return (
    <div className="stack" role="status">
      <p className="verdict">
        <Mark tone={found.member ? "good" : "calm"}>
          {t(found.member ? "segments.explain.in" : "segments.explain.out")}
        </Mark>{" "}
        <Link to="/people/$who" params={{ who }} className="plain">
          {who.slice(who.indexOf(":") + 1)}
        </Link>
        {found.entered_at && (
          <span className="soft small">
            {t("segments.explain.since")} <When at={found.entered_at} />
          </span>
        )}
        {found.last && (
          <span className="soft small">
            {t(found.last.entered ? "segments.explain.entered" : "segments.explain.left")} <When at={found.last.at} /> (
            {say(`segments.cause.${found.last.cause}`, found.last.cause)})
          </span>
        )}
      </p>
      {found.member !== found.holds && <p className="soft small">{t("segments.explain.due")}</p>}
      <ul className="proof">
        {found.parts
          .filter((part) => part.text)
          .map((part) => (
            <li
              key={part.at}
              style={{ paddingInlineStart: depthOf(part.at) * 18 }}
              className={part.asked ? undefined : "whole"}
            >
              {part.holds ? (
                <IconCheck size={16} color="var(--good)" role="img" aria-label={t("segments.explain.holds")} />
              ) : (
                <IconX size={16} color="var(--bad)" role="img" aria-label={t("segments.explain.fails")} />
              )}
              <div>
                <code>{part.asked ? part.text : t(joinOf(found, part.at))}</code>
                {part.asked && (
                  <span className="soft small">
                    {t("segments.explain.found", { value: told(part.value) })}
                    {" · "}
                    {t("segments.explain.asked", { op: operatorName(part.asked.op), value: told(part.asked.value) })}
                  </span>
                )}
                {part.turns_at && (
                  <span className="soft small">
                    {t("segments.explain.turns")} <When at={part.turns_at} />
                  </span>
                )}
              </div>
            </li>
          ))}
      </ul>
      {found.to_change.length > 0 && (
        <section aria-label={t("segments.explain.change")}>
          <h3>{t("segments.explain.change")}</h3>
          <ul className="says">
            {found.to_change.map((each) => (
              <li key={each.at}>{each.says}</li>
            ))}
          </ul>
        </section>
      )}
    </div>
  );
}

const depthOf = (at: string): number => (at.match(/\.(all\[|any\[|not)/g) ?? []).length;
/** What a part that has parts says of them. */
function joinOf(found: Explanation, at: string) {
  const has = (step: string) => found.parts.some((part) => part.at.startsWith(`${at}.${step}`));
  return has("any[") ? "segments.explain.any" : has("not") ? "segments.explain.not" : "segments.explain.all";
}

function told(value: unknown): string {
  if (value === null || value === undefined) return t("segments.nothing");
  if (typeof value === "number") return number(value);
  if (typeof value === "boolean") return t(value ? "segments.yes" : "segments.no");
  if (Array.isArray(value)) return value.map(told).join(", ") || t("segments.nothing");
  if (isRule(value))
    return Object.entries(value)
      .filter(([, inner]) => inner !== null)
      .map(([key, inner]) => `${key} ${told(inner)}`)
      .join(", ");
  return String(value);
}
