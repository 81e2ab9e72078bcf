import { describe, expect, it } from "vitest";
import { levels, moved, share } from "./order";

const account = (id: string, rank: number) => ({ id, rank });

describe("the order of accounts", () => {
  it("goes by rank, with those of one rank together", () => {
    const found = levels([account("b", 1), account("a", 0), account("c", 1)]);
    expect(found.map((level) => level.map((one) => one.id))).toEqual([["a"], ["b", "c"]]);
  });

  it("lets an account join its neighbours, and leave them again", () => {
    const two = [account("a", 0), account("b", 1)];
    expect(moved(two, "b", -1)).toEqual({ b: 0 });
    const shared = [account("a", 0), account("b", 0)];
    expect(moved(shared, "b", -1)).toEqual({ a: 1 });
    expect(moved(shared, "b", 1)).toEqual({ b: 1 });
  });

  it("has no step above the first or below the last", () => {
    const two = [account("a", 0), account("b", 1)];
    expect(moved(two, "a", -1)).toEqual({});
    expect(moved(two, "b", 1)).toEqual({});
  });

  it("closes gaps between ranks", () => {
    expect(moved([account("a", 0), account("b", 5), account("c", 9)], "c", -1)).toEqual({ b: 1, c: 1 });
  });

  it("shares a rank by weight, evenly where there is none", () => {
    expect(share([{ weight: 300 }, { weight: 100 }], 100)).toBe(0.25);
    expect(share([{ weight: 0 }, { weight: 0 }], 0)).toBe(0.5);
  });
});
