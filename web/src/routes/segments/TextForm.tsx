import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { api, ask, Problem } from "@/lib/api";
import { t } from "@/lib/i18n";
import { sentence } from "@/lib/say";
import { Textarea } from "@/ui/controls";
import { Waiting } from "@/ui/State";
import { bare, type Rule, rooted } from "./tree";

const PAUSE_MS = 500;
type Props = { root: Rule; whole: boolean; change: (next: Rule) => void };

/** The rule in words. What is typed becomes the rule as soon as it can be read. */
export function TextForm(props: Props) {
  const query = useQuery({
    queryKey: ["segments", "words", JSON.stringify(props.root)],
    queryFn: () => ask(api.POST("/api/v1/segments/words", { body: { rule: bare(props.root) } })),
    enabled: props.whole,
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const [typed, setTyped] = useState<string>();
  const [problem, setProblem] = useState<Problem>();
  const own = useRef<string>(undefined);
  const act = useRef(props.change);
  act.current = props.change;
  const now = JSON.stringify(props.root);
  useEffect(() => {
    if (own.current === now) return;
    setTyped(undefined); // it was changed elsewhere: undone, redone
    setProblem(undefined);
  }, [now]);
  useEffect(() => {
    if (typed === undefined) return;
    const timer = setTimeout(async () => {
      try {
        const found = await ask(api.POST("/api/v1/segments/words", { body: { rule: typed } }));
        const next = rooted(found.rule);
        own.current = JSON.stringify(next);
        setProblem(undefined);
        act.current(next);
      } catch (error) {
        setProblem(error instanceof Problem ? error : undefined);
      }
    }, PAUSE_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  const shown = typed ?? query.data?.text ?? (props.whole ? undefined : "");
  if (shown === undefined && !query.error) return <Waiting rows={3} />;
  const said = problem
    ? [sentence(problem), ...problem.errors.map((flaw) => `${flaw.at}: ${flaw.message}`)].join(" ")
    : undefined;
  return (
    <div className="fields">
      <Textarea
        label={t("segments.text")}
        description={t("segments.text.hint")}
        autosize
        minRows={6}
        maxRows={24}
        spellCheck={false}
        styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)", fontSize: "0.8125rem" } }}
        value={shown ?? ""}
        error={said}
        onChange={(event) => {
          own.current = now;
          setTyped(event.currentTarget.value);
        }}
      />
    </div>
  );
}
