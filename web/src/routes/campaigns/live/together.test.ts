import { expect, it } from "vitest";
import { together } from "./together";

const step = (id: string, what: string, fields?: string[]) => ({
  id,
  at: "2026-11-22T14:00:00Z",
  what,
  details: fields ? { fields } : {},
});

it("tells changes that follow each other as one, with all that was changed", () => {
  const steps = [
    step("5", "launched"),
    step("4", "changed", ["pilot"]),
    step("3", "changed", ["name", "pilot"]),
    step("2", "recalled"),
    step("1", "changed", ["name"]),
  ];
  expect(together(steps).map((one) => [one.id, one.what, one.details.fields])).toEqual([
    ["5", "launched", undefined],
    ["4", "changed", ["name", "pilot"]],
    ["2", "recalled", undefined],
    ["1", "changed", ["name"]],
  ]);
});
