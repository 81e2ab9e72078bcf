import { useEffect, useRef, useState } from "react";

const PAUSE_MS = 350;

/** A text that is told on after a pause or when it is left, so that undo goes by words and not by letters. */
export function useTyped(value: string, commit: (next: string) => void) {
  const [text, setText] = useState(value);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const told = useRef(value);
  const act = useRef(commit);
  act.current = commit;
  useEffect(() => {
    if (value !== told.current) {
      told.current = value;
      setText(value);
    }
  }, [value]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const tell = (next: string) => {
    clearTimeout(timer.current);
    timer.current = undefined;
    if (next === told.current) return;
    told.current = next;
    act.current(next);
  };
  return {
    text,
    type: (next: string) => {
      setText(next);
      clearTimeout(timer.current);
      timer.current = setTimeout(() => tell(next), PAUSE_MS);
    },
    leave: () => timer.current !== undefined && tell(text),
  };
}
