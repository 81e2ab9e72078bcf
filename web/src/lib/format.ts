import { currency as ours, now as productTime } from "./company";
import { region } from "./i18n";

const numbers = new Intl.NumberFormat(region);
const short = new Intl.NumberFormat(region, { notation: "compact", maximumFractionDigits: 1 });
const days = new Intl.DateTimeFormat(region, { dateStyle: "medium" });
const times = new Intl.DateTimeFormat(region, { dateStyle: "medium", timeStyle: "short" });
const hours = new Intl.DateTimeFormat(region, { timeStyle: "short" });
const seconds = new Intl.DateTimeFormat(region, { timeStyle: "medium" });
const apart = new Intl.RelativeTimeFormat(region, { numeric: "auto", style: "short" });
const lists = new Intl.ListFormat(region, { type: "conjunction" });

export const number = (n: number): string => numbers.format(n);
export const compact = (n: number): string => (Math.abs(n) < 10_000 ? numbers.format(n) : short.format(n));
export const day = (at: string | Date): string => days.format(new Date(at));
export const time = (at: string | Date): string => times.format(new Date(at));
export const hour = (at: string | Date): string => hours.format(new Date(at));
export const clock = (at: string | Date): string => seconds.format(new Date(at));
export const list = (words: string[]): string => lists.format(words);

/** A share of 0 to 1 as a percentage; small ones keep a digit. */
export function percent(share: number | null | undefined, digits?: number): string {
  if (share === null || share === undefined || !Number.isFinite(share)) return "–";
  const most = digits ?? (Math.abs(share) < 0.1 ? 1 : 0);
  return new Intl.NumberFormat(region, { style: "percent", maximumFractionDigits: most }).format(share);
}

/** Money in the company's currency; small amounts keep four digits. A bare number where no currency is known yet. */
export function money(amount: number, currency: string | undefined = ours()): string {
  const digits = amount !== 0 && Math.abs(amount) < 1 ? 4 : 2;
  const options: Intl.NumberFormatOptions = currency
    ? { style: "currency", currency, maximumFractionDigits: digits }
    : { minimumFractionDigits: 2, maximumFractionDigits: digits };
  return new Intl.NumberFormat(region, options).format(amount);
}

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/** "3 minutes ago", by product time; what colleagues do goes by the wall's: `ago(at, Date.now())`. */
export function ago(at: string | Date, now: number | Date = productTime()): string {
  const s = (new Date(at).getTime() - new Date(now).getTime()) / 1000;
  for (const [unit, size] of STEPS) if (Math.abs(s) >= size) return apart.format(Math.round(s / size), unit);
  return apart.format(Math.round(s), "second");
}

/** Seconds as `2 h 5 min`, `40 s`. */
export function span(s: number): string {
  if (s < 90) return `${Math.round(s)} s`;
  if (s < 5_400) return `${Math.round(s / 60)} min`;
  if (s < 172_800) return `${Math.floor(s / 3_600)} h ${Math.round((s % 3_600) / 60)} min`;
  return `${Math.round(s / 86_400)} d`;
}

const MINUTE = 60;
const DAY = 86_400;

/** A label of a time axis: as short as `step`, the seconds to the next label, allows. */
export function tick(at: number, step: number, timeZone?: string): string {
  return dates(AXIS[stride(step)] as Intl.DateTimeFormatOptions, timeZone).format(at * 1000);
}

/** A point of a time series in words, as exact as `step`, the seconds to its neighbour. */
export function pointInTime(at: number, step: number, timeZone?: string): string {
  const timeStyle = step < MINUTE ? "medium" : "short";
  return dates(step >= DAY ? { dateStyle: "medium" } : { dateStyle: "medium", timeStyle }, timeZone).format(at * 1000);
}

const stride = (step: number): number => [MINUTE, DAY, 28 * DAY, 300 * DAY].filter((size) => step >= size).length;
const AXIS: Intl.DateTimeFormatOptions[] = [
  { hour: "numeric", minute: "2-digit", second: "2-digit" },
  { hour: "numeric", minute: "2-digit" },
  { day: "numeric", month: "short" },
  { month: "short", year: "2-digit" },
  { year: "numeric" },
];

const made = new Map<string, Intl.DateTimeFormat>();
function dates(options: Intl.DateTimeFormatOptions, timeZone?: string): Intl.DateTimeFormat {
  const key = JSON.stringify([options, timeZone]);
  const found = made.get(key) ?? new Intl.DateTimeFormat(region, { ...options, timeZone });
  made.set(key, found);
  return found;
}
