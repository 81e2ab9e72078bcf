import { type FormEvent, type ReactNode, useState } from "react";
import { Problem, send } from "@/lib/api";
import { span } from "@/lib/format";
import { LANGUAGES, LOCALES, locale, speak, t } from "@/lib/i18n";
import { Failed } from "@/ui/State";

/** The frame of pages for whoever is not signed in: one column, one thing to do. */
export function Door(props: { title: string; text?: string; children: ReactNode }) {
  return (
    <main
      id="main"
      style={{ minHeight: "100dvh", display: "grid", placeItems: "center", padding: 16, boxSizing: "border-box" }}
    >
      <div style={{ width: "min(400px, 100%)", display: "grid", gap: 20 }}>
        <div style={{ display: "flex", gap: 10, alignItems: "center" }}>
          <img src="/app/icon.svg" width={32} height={32} alt="" />
          <span style={{ fontWeight: 650 }}>Antiphon</span>
        </div>
        <div className="panel" style={{ padding: 24, display: "grid", gap: 16 }}>
          <div>
            <h1 style={{ margin: 0, fontSize: "1.375rem" }}>{props.title}</h1>
            {props.text && (
              <p className="soft" style={{ margin: "8px 0 0" }}>
                {props.text}
              </p>
            )}
          </div>
          {props.children}
        </div>
        <div style={{ display: "flex", gap: 16, justifyContent: "center" }}>
          {LOCALES.map((one) => (
            <button
              key={one}
              type="button"
              lang={one}
              aria-current={one === locale}
              className="soft"
              onClick={() => speak(one)}
              style={{
                background: "none",
                border: 0,
                font: "inherit",
                fontSize: "0.8125rem",
                padding: 8,
                cursor: "pointer",
                textDecoration: one === locale ? "underline" : "none",
                color: "var(--mantine-color-dimmed)",
              }}
            >
              {LANGUAGES[one]}
            </button>
          ))}
        </div>
      </div>
    </main>
  );
}

/** One form of a door: what it sends, what was refused. */
export function useForm(path: string, method = "POST") {
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const submit = async (body: object): Promise<unknown> => {
    setBusy(true);
    setProblem(undefined);
    try {
      const answer = await send(path, {
        method,
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      return answer.status === 204 ? {} : await answer.json();
    } catch (error) {
      setProblem(error as Problem);
      return undefined;
    } finally {
      setBusy(false);
    }
  };
  return { submit, problem, busy };
}

export const values = (event: FormEvent<HTMLFormElement>): Record<string, string> => {
  event.preventDefault();
  return Object.fromEntries([...new FormData(event.currentTarget)].map(([key, value]) => [key, String(value)]));
};

export function Refused(props: { problem: Problem | undefined }) {
  if (!props.problem) return null;
  const wait = props.problem.status === 429 && props.problem.retryAfterS;
  return (
    <Failed error={wait ? new Problem(429, "throttled", t("app.error.throttled", { s: span(wait) })) : props.problem} />
  );
}

/** Where to go afterwards: only within the app. */
export function next(): string {
  const wanted = new URLSearchParams(location.search).get("next") ?? "/";
  return /^\/(?![/\\])/.test(wanted) ? `/app${wanted.replace(/^\/app(?=\/|$)/, "")}` : "/app/";
}

export const enter = (): void => location.assign(next());
