import type { Step } from "../campaign";

/** A draft saves itself often: changes that follow each other are told as one. The newest first, as they come. */
export function together(steps: Step[]): Step[] {
  const found: Step[] = [];
  for (const step of steps) {
    const last = found[found.length - 1];
    if (last?.what !== "changed" || step.what !== "changed") {
      found.push(step);
      continue;
    }
    const fields = new Set([...fieldsOf(last), ...fieldsOf(step)]);
    found[found.length - 1] = { ...last, details: { fields: [...fields].sort() } };
  }
  return found;
}

const fieldsOf = (step: Step): string[] =>
  Array.isArray(step.details.fields) ? step.details.fields.map((one) => String(one)) : [];
