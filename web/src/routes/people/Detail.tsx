import { time } from "@/lib/format";
import { say, t } from "@/lib/i18n";
import { Channel } from "@/ui/Channel";
import { Mark, type Tone } from "@/ui/Mark";
import type { Entry } from "./people";
import { shown, sourceName } from "./people";

type Delivery = {
  id: string;
  channel: string;
  address: string;
  provider: string;
  state: string;
  failure: string | null;
  code: string | null;
  handed_at: string | null;
  opened_at: string | null;
  clicked_at: string | null;
};
const TONES: Record<string, Tone> = {
  delivered: "good",
  read: "good",
  failed: "bad",
  expired: "warn",
  in_doubt: "warn",
};
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d/;
const DEEPEST = 2;

/** What is known of an entry beside its sentence. */
export function Detail({ entry }: { entry: Entry }) {
  const { deliveries, properties, ...rest } = entry.detail ?? {};
  const attempts = entry.kind === "message" && Array.isArray(deliveries) ? (deliveries as Delivery[]) : [];
  const told = { at: entry.at, ...rest, ...(isMap(properties) ? properties : {}) };
  return (
    <>
      {attempts.length > 0 && (
        <ol className="attempts" aria-label={t("people.attempts")}>
          {attempts.map((one) => (
            <Attempt key={one.id} one={one} />
          ))}
        </ol>
      )}
      <Pairs of={told} depth={0} />
    </>
  );
}

function Attempt({ one }: { one: Delivery }) {
  const times = [one.handed_at, one.opened_at, one.clicked_at];
  const words = [t("people.attempt.handed"), t("people.attempt.opened"), t("people.attempt.clicked")];
  return (
    <li>
      <Channel name={one.channel} />
      <span>{one.address}</span>
      <Mark tone={TONES[one.state] ?? "calm"}>{say(`people.delivery.${one.state}`, one.state)}</Mark>
      {!/^\d+$/.test(one.provider) && (
        <span className="soft">{t("people.attempt.through", { provider: one.provider })}</span>
      )}
      {one.failure && (
        <span className="soft">
          {[say(`people.reason.${one.failure}`, one.failure), one.code].filter(Boolean).join(" · ")}
        </span>
      )}
      {times.map((at, n) => at && <span className="soft num" key={words[n]}>{`${words[n]} ${time(at)}`}</span>)}
    </li>
  );
}

function Pairs(props: { of: Record<string, unknown>; depth: number }) {
  const pairs = Object.entries(props.of).filter(([, value]) => !isEmpty(value));
  if (!pairs.length) return null;
  return (
    <dl className="pairs">
      {pairs.map(([name, value]) => (
        <div key={name}>
          <dt className="soft">{props.depth ? name : say(`people.detail.${name}`, name)}</dt>
          <dd>
            {isMap(value) && props.depth < DEEPEST ? <Pairs of={value} depth={props.depth + 1} /> : said(name, value)}
          </dd>
        </div>
      ))}
    </dl>
  );
}

function said(name: string, value: unknown): string {
  if (typeof value !== "string") return shown(value);
  if (INSTANT.test(value)) return time(value);
  if (name === "source") return sourceName(value);
  if (name === "reason") return say(`people.reason.${value}`, value);
  if (name === "cause") return say(`people.cause.${value}`, value);
  if (name === "method") return say(`people.how.${value}`, value);
  return value;
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isEmpty = (value: unknown): boolean =>
  value === null ||
  value === undefined ||
  value === "" ||
  value === false ||
  (Array.isArray(value) && !value.length) ||
  (isMap(value) && !Object.keys(value).length);
