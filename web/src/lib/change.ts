import { type QueryKey, useQueryClient } from "@tanstack/react-query";
import { useCallback, useRef, useState } from "react";
import { done, failed } from "@/ui/toast";
import type { Problem } from "./api";
import { tellTabs } from "./tabs";

export type Change<I, T, R> = {
  act: (input: I) => Promise<R>;
  /** The query that shows what is changed; it is asked for again afterwards. */
  key: QueryKey;
  /** How it will look: shown at once, and put back when it is refused. */
  now?: (before: T, input: I) => T;
  /** What the toast says when it is done. */
  said?: (input: I, result: R) => string;
  /** Takes it back: "Undo" in the toast. `before` is what was shown, undefined where nothing was. */
  undo?: (before: T | undefined, input: I, result: R) => unknown;
  /** Other queries that say something of it. */
  also?: QueryKey[];
  /** Who asks shows the `problem` itself; else a toast does. */
  quiet?: boolean;
};

/** Something is changed on the server. `run` gives the answer, undefined where it was refused; it never throws. */
export function useChange<I, T = unknown, R = unknown>(change: Change<I, T, R>) {
  const client = useQueryClient();
  const [running, setRunning] = useState(0);
  const [problem, setProblem] = useState<Problem>();
  const held = useRef(change);
  held.current = change;
  const run = useCallback(
    async (input: I): Promise<R | undefined> => {
      const { act, key, now, said, undo, also = [], quiet } = held.current;
      setRunning((n) => n + 1);
      await client.cancelQueries({ queryKey: key });
      const before = client.getQueryData<T>(key);
      if (now && before !== undefined) client.setQueryData<T>(key, now(before, input));
      try {
        const result = await act(input);
        setProblem(undefined);
        if (said) done(said(input, result), undo && (() => undo(before, input, result)));
        return result;
      } catch (error) {
        if (now) client.setQueryData(key, before);
        setProblem(error as Problem);
        if (!quiet) failed(error);
        return undefined;
      } finally {
        setRunning((n) => n - 1);
        for (const queryKey of [key, ...also]) void client.invalidateQueries({ queryKey });
        tellTabs([key, ...also]);
      }
    },
    [client],
  );
  return { run, busy: running > 0, problem };
}
