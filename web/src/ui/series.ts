import { channelColour } from "./Channel";

export type Series = {
  name: string;
  /** One a time; null where nothing is known. */
  values: (number | null)[];
  kind?: "line" | "area" | "bars";
  /** A channel takes its own colour everywhere. */
  channel?: string;
};

export type Mark = { at: string | number; label: string };

const COLOURS = ["email", "sms", "push", "chat", "voice"].map(channelColour);

export const colourOf = (series: Series, n: number): string =>
  series.channel ? channelColour(series.channel) : (COLOURS[n % COLOURS.length] as string);

/** Lines differ by their dashes too: never by colour alone. */
export const DASHES: number[][] = [[], [7, 4], [2, 3], [10, 3, 2, 3], [4, 2], [1, 4]];

export const seconds = (at: string | number): number => (typeof at === "number" ? at : Date.parse(at) / 1000);

/** Each on the shoulders of those before it. */
export function stacked(series: Series[]): (number | null)[][] {
  const sums: number[] = [];
  return series.map((one) =>
    one.values.map((value, n) => {
      sums[n] = (sums[n] ?? 0) + (value ?? 0);
      return sums[n] as number;
    }),
  );
}

/** The first of the highest, and the last that is known. */
export function extremes(values: (number | null)[]): { most: number; mostAt: number; last: number } | undefined {
  let most = Number.NEGATIVE_INFINITY;
  let mostAt = -1;
  let last: number | undefined;
  values.forEach((value, n) => {
    if (value === null || value === undefined) return;
    last = value;
    if (value > most) {
      most = value;
      mostAt = n;
    }
  });
  return last === undefined ? undefined : { most, mostAt, last };
}
