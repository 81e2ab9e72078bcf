import { describe, expect, it } from "vitest";
import {
  bare,
  countLeaves,
  duplicate,
  get,
  insert,
  move,
  put,
  read,
  remove,
  rooted,
  saidOf,
  unwrap,
  wrap,
} from "./tree";

const a = { event: "a" };
const b = { event: "b" };
const c = { event: "c" };
const root = { all: [a, { not: { any: [b, c] } }] };

describe("a rule as a tree", () => {
  it("is a group at its root, whatever it was", () => {
    expect(rooted({ version: 1, rule: a })).toEqual({ all: [a] });
    expect(rooted({ not: { any: [a] } })).toEqual({ not: { any: [a] } });
    expect(rooted(null)).toEqual({ all: [] });
  });

  it("is kept without a group where there is one condition", () => {
    expect(bare(rooted(a))).toEqual(a);
    expect(bare({ not: { any: [a] } })).toEqual({ not: { any: [a] } });
    expect(bare(root)).toBe(root);
  });

  it("tells what stands under not, and where", () => {
    const node = read({ not: { any: [b, c] } }, "rule.all[1]");
    expect([node.inner, node.negated, node.group, node.parts.length]).toEqual(["rule.all[1].not", true, "any", 2]);
  });

  it("takes away, puts in and doubles where it is told, and leaves what it was given", () => {
    expect(remove(root, "rule.all[1].not.any[0]")).toEqual({ all: [a, { not: { any: [c] } }] });
    expect(insert(root, "rule.all", 1, c)).toEqual({ all: [a, c, { not: { any: [b, c] } }] });
    expect(duplicate(root, "rule.all[0]")).toEqual({ all: [a, a, { not: { any: [b, c] } }] });
    expect(countLeaves(root)).toBe(3);
  });

  it("puts a group around, and takes it off again", () => {
    const wrapped = wrap(root, "rule.all[0]");
    expect(wrapped.all).toEqual([{ all: [a] }, { not: { any: [b, c] } }]);
    expect(unwrap(wrapped, "rule.all[0]")).toEqual(root);
  });

  it("walks a condition down through a group and out of it, and back the same way", () => {
    let [now, where] = [root as ReturnType<typeof rooted>, "rule.all[0]"];
    const seen = [];
    for (let n = 0; n < 4; n++) {
      const { root: next, to } = move(now, where, 1);
      [now, where] = [next, to];
      seen.push(to);
    }
    expect(seen).toEqual(["rule.all[0].not.any[0]", "rule.all[0].not.any[1]", "rule.all[0].not.any[2]", "rule.all[1]"]);
    expect(now).toEqual({ all: [{ not: { any: [b, c] } }, a] });
    for (let n = 0; n < 4; n++) ({ root: now, to: where } = move(now, where, -1));
    expect(now).toEqual(root);
  });

  it("stays where it is at the end of the whole", () => {
    expect(move({ all: [a] }, "rule.all[0]", 1)).toEqual({ root: { all: [a] }, to: "rule.all[0]" });
  });

  it("reads and writes what is inside a condition", () => {
    const near = { near: { latitude: 1, longitude: 2, km: 3 } };
    expect(get(near, "near.km")).toBe(3);
    expect(put(near, "near.km", 9)).toEqual({ near: { latitude: 1, longitude: 2, km: 9 } });
    expect(put({ event: "a", where: [] }, "where", undefined)).toEqual(a);
  });

  it("finds what the server said of a condition, not of its neighbours", () => {
    const said = [{ at: "rule.all[0].within" }, { at: "rule.all[1]" }, { at: "rule.all[1].not.any" }];
    expect(saidOf(said, read(a, "rule.all[0]"))).toEqual([said[0]]);
    expect(saidOf(said, read({ not: { any: [b] } }, "rule.all[1]"))).toEqual([said[1], said[2]]);
    expect(saidOf(said, read(a, "rule.all[10]"))).toEqual([]);
  });
});
