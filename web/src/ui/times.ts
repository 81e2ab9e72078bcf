/** Units of time in seconds, smallest first. */
export const TIMES = { s: 1, min: 60, h: 3_600, d: 86_400 } as const;
export type Time = keyof typeof TIMES;

/** The largest unit of which it is a whole number: 604,800 s are 7 d, 90 s stay seconds. */
export function timeOf(seconds: unknown): Time {
  if (typeof seconds !== "number" || seconds <= 0) return "min";
  const whole = (Object.keys(TIMES) as Time[]).filter((unit) => Number.isInteger(seconds / TIMES[unit]));
  return whole.at(-1) ?? "s";
}
