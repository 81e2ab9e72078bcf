import { expect, it } from "vitest";
import { isTime } from "./schema";
import { timeOf } from "./times";

it("a length of time is told in the largest unit of which it is a whole number", () => {
  expect([604_800, 5_400, 90, 1_800, 0.5].map(timeOf)).toEqual(["d", "min", "s", "min", "s"]);
});

it("nothing yet is told in minutes", () => {
  expect([0, undefined].map(timeOf)).toEqual(["min", "min"]);
});

it("seconds are known by their unit, or by their name where no unit is said", () => {
  expect(isTime({ type: "number", "x-unit": "s" }, "recall")).toBe(true);
  expect(isTime({ type: "number" }, "frequency_cap.within_s")).toBe(true);
  expect(isTime({ type: "number", "x-unit": "share" }, "bounces")).toBe(false);
  expect(isTime({ type: "number" }, "bounces")).toBe(false);
});
