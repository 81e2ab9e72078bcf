import { expect, test } from "vitest";
import { kindOf, read, written } from "./traits";

test("what is written is read as the type says, or not at all", () => {
  expect(read("0042", "text")).toBe("0042");
  expect(read("0042", "number")).toBe(42);
  expect(read("3,5", "number")).toBe(3.5);
  expect(read("many", "number")).toBeUndefined();
  expect(read("", "number")).toBeUndefined();
  expect(read("false", "boolean")).toBe(false);
  expect(read("2026-02-30x", "time")).toBeUndefined();
  expect(read('["a"]', "list")).toEqual(["a"]);
  expect(read('{"a":1}', "list")).toBeUndefined();
  expect(read("{", "object")).toBeUndefined();
});

test("a value is edited as it is read back", () => {
  for (const value of ["a b", 7, true, ["a", 1], { a: { b: 2 } }])
    expect(read(written(value), kindOf(value))).toEqual(value);
});
