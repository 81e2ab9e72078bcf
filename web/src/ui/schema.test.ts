import { describe, expect, it } from "vitest";
import { bare, blank, join, kindOf, type Schema, wordsAt } from "./schema";

const OPTIONAL: Schema = { anyOf: [{ type: "number" }, { type: "null" }], maximum: 1, title: "Complaints" };

describe("a schema", () => {
  it("with null beside it is the other, left out", () => {
    expect(bare(OPTIONAL)).toEqual({ schema: { type: "number", maximum: 1, title: "Complaints" }, nullable: true });
    expect(kindOf(OPTIONAL)).toBe("number");
    expect(kindOf({ anyOf: [{ type: "object", properties: {} }, { type: "null" }] })).toBe("optional");
  });

  it("that is a secret is one before it is anything else", () => {
    expect(kindOf({ type: "string", writeOnly: true })).toBe("secret");
  });

  it("of two kinds has no form of its own", () => {
    expect(kindOf({ anyOf: [{ type: "string" }, { type: "number" }] })).toBe("any");
  });

  it("begins with its defaults and what must be there, and nothing else", () => {
    const schema: Schema = {
      type: "object",
      required: ["host"],
      properties: { host: { type: "string" }, port: { type: "integer", default: 587 }, note: { type: "string" } },
    };
    expect(blank(schema)).toEqual({ host: "", port: 587 });
  });
});

it("places are named as the server names them, words without their numbers", () => {
  expect(join(join(join("", "dkim"), 0), "domain")).toBe("dkim[0].domain");
  expect(wordsAt("setting.keys", "dkim[0].domain", "title")).toBe("setting.keys.dkim.domain.title");
});
