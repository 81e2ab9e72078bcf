import { describe, expect, it } from "vitest";
import { pretty } from "./pretty";

describe("a body", () => {
  it("that is JSON is indented", () => {
    expect(pretty('{"a":{"b":1}}')).toBe('{\n  "a": {\n    "b": 1\n  }\n}');
  });

  it("of several lines of JSON has each indented", () => {
    expect(pretty('{"a":1}\n{"b":2}')).toBe('{\n  "a": 1\n}\n{\n  "b": 2\n}');
  });

  it("that was cut off, or is no JSON, stays as it came", () => {
    expect(pretty('{"a":')).toBe('{"a":');
    expect(pretty("Re: hello\n\nthanks")).toBe("Re: hello\n\nthanks");
  });
});
