import { day, number } from "@/lib/format";
import { t } from "@/lib/i18n";
import { Panel } from "@/ui/Page";
import { onDay, type PersonPage, shown } from "./people";

const SHOWN = 8;

/** Companies, households, clubs that they belong to. */
export function Accounts({ page }: { page: PersonPage }) {
  if (!page.accounts.length) return null;
  return (
    <Panel title={t("people.accounts")}>
      <ul className="rows">
        {page.accounts.map((one) => (
          <li key={one.key}>
            <div className="grows">
              <div className="ends">
                <span className="cut">{typeof one.traits.name === "string" ? one.traits.name : one.key}</span>
                <span className="small soft num">{day(one.since)}</span>
              </div>
              <div className="small soft">
                {Object.entries(one.traits)
                  .filter(([name]) => name !== "name")
                  .slice(0, 4)
                  .map(([name, value]) => `${name}: ${shown(value)}`)
                  .join(" · ")}
              </div>
            </div>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

/** Since when they are known, and what they did how often. */
export function Did({ page }: { page: PersonPage }) {
  const { lifecycle } = page;
  return (
    <Panel title={t("people.did")}>
      <dl className="pairs">
        <div>
          <dt className="soft">{t("people.first_seen")}</dt>
          <dd>{day(lifecycle.first_seen)}</dd>
        </div>
        {lifecycle.last_seen && (
          <div>
            <dt className="soft">{t("people.last_seen")}</dt>
            <dd>{day(lifecycle.last_seen)}</dd>
          </div>
        )}
      </dl>
      {lifecycle.events.length > 0 && (
        <table className="data did" aria-label={t("people.did")}>
          <tbody>
            {lifecycle.events.slice(0, SHOWN).map((one) => (
              <tr key={one.name}>
                <th scope="row">{one.name}</th>
                <td className="right">{number(one.count)}</td>
                <td className="right soft">{onDay(one.last_at)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  );
}
