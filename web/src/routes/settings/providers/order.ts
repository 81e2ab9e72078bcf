/** Accounts of one channel are tried by rank; those of one rank share by weight. */
type Ranked = { id: string; rank: number };

/** The accounts by rank, the first first. */
export function levels<T extends Ranked>(accounts: T[]): T[][] {
  const ranks = [...new Set(accounts.map((one) => one.rank))].sort((a, b) => a - b);
  return ranks.map((rank) => accounts.filter((one) => one.rank === rank));
}

/** New ranks after one account goes a step up or down: out of a level that it shares into one of its own, from one of
 *  its own into that of its neighbours. Only what changed; nothing where there is no step. */
export function moved(accounts: Ranked[], id: string, by: -1 | 1): Record<string, number> {
  const before = levels(accounts).map((level) => level.map((one) => one.id));
  const at = before.findIndex((level) => level.includes(id));
  const level = before[at];
  if (!level) return {};
  const after = before.map((each) => [...each]);
  if (level.length > 1) {
    after[at] = level.filter((one) => one !== id);
    after.splice(by < 0 ? at : at + 1, 0, [id]);
  } else {
    const neighbour = after[at + by];
    if (!neighbour) return {};
    neighbour.push(id);
    after.splice(at, 1);
  }
  const old = new Map(accounts.map((one) => [one.id, one.rank]));
  const ranks = after.flatMap((each, rank) => each.map((one): [string, number] => [one, rank]));
  return Object.fromEntries(ranks.filter(([one, rank]) => old.get(one) !== rank));
}

/** The share of a level that goes to one of its accounts. */
export function share(level: { weight: number }[], weight: number): number {
  const whole = level.reduce((sum, one) => sum + one.weight, 0);
  return whole ? weight / whole : 1 / level.length;
}
