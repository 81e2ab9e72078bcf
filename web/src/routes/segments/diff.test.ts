import { expect, it } from "vitest";
import { diff } from "./diff";

const said = (before: string, after: string) => diff(before, after).map((one) => [one.is, one.text.trim()]);

it("says which words went and which came, and keeps a name in quotes whole", () => {
  expect(said('event "cart added" within 7d', 'event "cart added" within 14d')).toEqual([
    ["same", 'event "cart added" within'],
    ["old", "7d"],
    ["new", "14d"],
  ]);
});

it("gives both texts back when it is put together again", () => {
  const [before, after] = ["event a\nand event b", "event a\nand (event c or event d)"];
  const pieces = diff(before, after);
  const without = (is: string) =>
    pieces
      .filter((one) => one.is !== is)
      .map((one) => one.text)
      .join("");
  expect([without("new"), without("old")]).toEqual([before, after]);
});
