import { useCallback, useEffect, useRef, useState } from "react";
import type { Problem } from "./api";

export type Saving = "saved" | "saving" | "unsaved" | "failed";

const PAUSE_MS = 600;
const STEP_MS = 1_000;
const AGAIN_MS = 4_000;

/** What is edited, saved by itself shortly after the last change, with undo and redo.
 *  `save` throws a `Problem`; the text is kept and saved again with the next change, or by `retry`. */
export function useDraft<T>(start: T, save: (value: T) => Promise<void>) {
  const [value, setValue] = useState(start);
  const [saving, setSaving] = useState<Saving>("saved");
  const [problem, setProblem] = useState<Problem>();
  const past = useRef<T[]>([]);
  const future = useRef<T[]>([]);
  const newest = useRef(start);
  const step = useRef({ name: "", at: 0 });
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const running = useRef<Promise<void>>(Promise.resolve());
  const act = useRef(save);
  act.current = save;

  const flush = useCallback(() => {
    clearTimeout(timer.current);
    timer.current = undefined;
    const wanted = newest.current;
    setSaving("saving");
    running.current = running.current.then(async () => {
      try {
        await act.current(wanted);
        setProblem(undefined);
        if (newest.current === wanted) setSaving("saved");
      } catch (error) {
        setProblem(error as Problem);
        setSaving("failed");
      }
    });
    return running.current;
  }, []);

  const become = useCallback(
    (next: T) => {
      newest.current = next;
      setValue(next);
      setSaving("unsaved");
      clearTimeout(timer.current);
      timer.current = setTimeout(flush, PAUSE_MS);
    },
    [flush],
  );

  // Changes of the same step that follow each other within a second are one to undo: a word, not its letters.
  const change = useCallback(
    (next: T | ((before: T) => T), name = "") => {
      const before = newest.current;
      const after = typeof next === "function" ? (next as (before: T) => T)(before) : next;
      if (after === before) return;
      const joins = name !== "" && name === step.current.name && Date.now() - step.current.at < STEP_MS;
      step.current = { name, at: Date.now() };
      if (!joins) past.current = [...past.current.slice(-199), before];
      future.current = [];
      become(after);
    },
    [become],
  );

  const undo = useCallback(() => {
    const before = past.current.pop();
    if (before === undefined) return;
    step.current.name = "";
    future.current.push(newest.current);
    become(before);
  }, [become]);

  const redo = useCallback(() => {
    const after = future.current.pop();
    if (after === undefined) return;
    past.current.push(newest.current);
    become(after);
  }, [become]);

  // What did not reach the server is saved by itself when it can be reached again.
  useEffect(() => {
    if (saving !== "failed" || problem?.status !== 0) return;
    const again = setTimeout(() => void flush(), AGAIN_MS);
    return () => clearTimeout(again);
  }, [saving, problem, flush]);

  useEffect(() => {
    const leave = () => {
      if (timer.current !== undefined) void flush();
    };
    addEventListener("pagehide", leave);
    return () => {
      removeEventListener("pagehide", leave);
      leave();
    };
  }, [flush]);

  return {
    value,
    change,
    undo,
    redo,
    saving,
    problem,
    retry: flush,
    canUndo: past.current.length > 0,
    canRedo: future.current.length > 0,
  };
}
