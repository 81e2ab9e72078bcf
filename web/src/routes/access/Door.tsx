import { type FormEvent, type ReactNode, useEffect, useState } from "react";
import { Problem } from "@/lib/api";
import { LANGUAGES, LOCALES, locale, speak, t } from "@/lib/i18n";
import { Skeleton } from "@/ui/controls";
import { Failed } from "@/ui/State";
import "./access.css";

/** The frame of pages for whoever is not signed in: one column, one thing to do. */
export function Door(props: { title: string; text?: string; children: ReactNode }) {
  useEffect(() => {
    document.title = `${props.title} · Antiphon`;
  }, [props.title]);
  return (
    <main id="main" className="door">
      <div className="door-column">
        <div className="door-brand">
          <img src="/app/icon.svg" width={32} height={32} alt="" />
          <span>Antiphon</span>
        </div>
        <div className="panel door-panel">
          <div>
            <h1>{props.title}</h1>
            {props.text && <p className="soft">{props.text}</p>}
          </div>
          {props.children}
        </div>
        <div className="door-languages">
          {LOCALES.map((one) => (
            <button key={one} type="button" lang={one} aria-current={one === locale} onClick={() => speak(one)}>
              {LANGUAGES[one]}
            </button>
          ))}
        </div>
      </div>
    </main>
  );
}

/** The place of a form of so many fields, until it is known which one it is. */
export function Closed(props: { title: string; fields: number }) {
  return (
    <Door title={props.title}>
      <div role="status" aria-label={t("app.loading")} className="fields">
        {Array.from({ length: props.fields }, (_, n) => (
          <Skeleton key={n} height={59} radius={8} />
        ))}
        <Skeleton height={36} radius={8} />
      </div>
    </Door>
  );
}

/** One form of a door: what it sends, what was refused, how long to wait. `submit` gives undefined when it was refused. */
export function useForm<B, R>(act: (body: B) => Promise<R>) {
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const wait = useCountdown(problem);
  const submit = async (body: B): Promise<R | undefined> => {
    setBusy(true);
    setProblem(undefined);
    try {
      return await act(body);
    } catch (error) {
      setProblem(error instanceof Problem ? error : new Problem(0, "unknown", ""));
      return undefined;
    } finally {
      setBusy(false);
    }
  };
  return { submit, problem, busy, wait };
}

/** Seconds until it may be tried again, as the server said; 0 when it may. */
function useCountdown(problem: Problem | undefined): number {
  const [left, setLeft] = useState(0);
  useEffect(() => {
    const until = Date.now() + (problem?.retryAfterS ?? 0) * 1_000;
    const count = () => setLeft(Math.max(0, Math.ceil((until - Date.now()) / 1_000)));
    count();
    const timer = setInterval(count, 500);
    return () => clearInterval(timer);
  }, [problem]);
  return left;
}

/** What stands in the fields of these names. */
export function values<K extends string>(event: FormEvent<HTMLFormElement>, ...names: K[]): Record<K, string> {
  event.preventDefault();
  const given = new FormData(event.currentTarget);
  return Object.fromEntries(names.map((name) => [name, String(given.get(name) ?? "")])) as Record<K, string>;
}

/** The refusal of a form; what belongs to a field stands there instead. While one has to wait, how long. */
export function Refused(props: { form: { problem: Problem | undefined; wait: number }; fields?: string[] }) {
  const { problem, wait } = props.form;
  if (!problem || (problem.retryAfterS && !wait)) return null;
  if (props.fields?.some((name) => problem.of(name))) return null;
  return (
    <Failed error={wait ? new Problem(429, "too_often", t("app.error.throttled", { s: clock(wait) })) : problem} />
  );
}

/** `0:25`, `14:03`. */
const clock = (s: number): string => `${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")}`;
