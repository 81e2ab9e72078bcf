import { useState } from "react";
import { api, ask, Problem } from "@/lib/api";
import { t } from "@/lib/i18n";
import type { Schema } from "@/ui/SchemaForm";
import { failed } from "@/ui/toast";
import { missing, refusedBy, type Tried } from "./account";
import type { Step } from "./Steps";

type Wanted = { adapter: string; schema: Schema; settings: Record<string, unknown>; provider?: string; kept: string[] };

/** Tries settings that nobody kept yet; what is wrong stands at its field. */
export function useCheck() {
  const [busy, setBusy] = useState(false);
  const [tried, setTried] = useState<Tried>();
  const [problem, setProblem] = useState<Problem>();
  const run = async ({ adapter, schema, settings, provider, kept }: Wanted): Promise<boolean> => {
    const flaws = missing(schema, settings, kept);
    if (flaws.length) {
      setTried(undefined);
      setProblem(refusedBy(flaws));
      return false;
    }
    setBusy(true);
    try {
      const found = await ask(api.POST("/api/v1/providers/check", { body: { adapter, settings, provider } }));
      setTried(found);
      setProblem(found.errors.length ? refusedBy(found.errors) : undefined);
      return found.ok;
    } catch (error) {
      if (error instanceof Problem && error.errors.length) setProblem(error);
      else failed(error);
      return false;
    } finally {
      setBusy(false);
    }
  };
  const clear = () => {
    setTried(undefined);
    setProblem(undefined);
  };
  return { run, busy, tried, problem, refuse: setProblem, clear };
}

export const stepsOf = (tried: Tried): Step[] =>
  tried.steps.map((step) => ({
    key: step.name,
    title: t(`provider.check.${step.name}`),
    state: step.state,
    says: step.says,
  }));
