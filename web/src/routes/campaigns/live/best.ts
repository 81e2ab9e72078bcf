import type { Row } from "../campaign";

type Seen = { channel: string | null; rates: { converted: Pick<Row["rates"]["converted"], "share" | "low" | "high"> } };

/** The channel that converts best so far; `sure` where even its lower bound is above every other's upper bound. */
export function bestOf(rows: Seen[]): { channel: string; sure: boolean } | undefined {
  const known = rows
    .filter((row) => row.channel && row.rates.converted.share !== null)
    .sort((a, b) => (b.rates.converted.share ?? 0) - (a.rates.converted.share ?? 0));
  const first = known[0];
  if (!first?.channel) return undefined;
  const low = first.rates.converted.low ?? 0;
  const sure = known.length > 1 && known.slice(1).every((row) => (row.rates.converted.high ?? 1) < low);
  return { channel: first.channel, sure };
}
