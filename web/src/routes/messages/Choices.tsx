import { useEffect, useRef } from "react";
import { percent } from "@/lib/format";
import { t, tn } from "@/lib/i18n";
import type { Choice } from "./liquid";

/** Values, filters and tags, each with an example and what it does. The focus stays in the field that drives it. */
export function Choices(props: {
  id: string;
  choices: Choice[];
  active: number;
  onActive: (n: number) => void;
  onChoose: (choice: Choice) => void;
}) {
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    list.current?.querySelector(`[id="${props.id}-${props.active}"]`)?.scrollIntoView({ block: "nearest" });
  }, [props.id, props.active]);
  return (
    <>
      <span className="unseen" role="status">
        {tn("messages.insert.found", props.choices.length)}
      </span>
      {props.choices.length === 0 && <p className="soft choices-none">{t("messages.insert.none")}</p>}
      <div role="listbox" id={props.id} ref={list} className="choices" aria-label={t("messages.insert")}>
        {props.choices.map((choice, n) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: keys are taken by the field that has the focus
          <div
            key={choice.key}
            id={`${props.id}-${n}`}
            role="option"
            tabIndex={-1}
            aria-selected={n === props.active}
            onMouseMove={() => n !== props.active && props.onActive(n)}
            onClick={() => props.onChoose(choice)}
          >
            <span className="choice-head">
              <code>{choice.label}</code>
              <span className="soft">{t(`messages.insert.${choice.kind}`)}</span>
            </span>
            {choice.help && <span className="soft">{choice.help}</span>}
            {(choice.example || choice.share !== null) && (
              <span className="soft choice-foot">
                <span className="example">{choice.example}</span>
                {choice.share !== null && choice.share < 1 && (
                  <span title={t("messages.insert.share", { share: percent(choice.share) })}>
                    {percent(choice.share)}
                  </span>
                )}
              </span>
            )}
          </div>
        ))}
      </div>
    </>
  );
}

/** Whether the key moved the choice. */
export function moveIn(key: string, active: number, length: number, move: (n: number) => void): boolean {
  if (length === 0) return false;
  if (key === "ArrowDown") move((active + 1) % length);
  else if (key === "ArrowUp") move((active - 1 + length) % length);
  else if (key === "PageDown") move(Math.min(active + 8, length - 1));
  else if (key === "PageUp") move(Math.max(active - 8, 0));
  else return false;
  return true;
}
