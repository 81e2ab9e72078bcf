import { expect, test } from "vitest";
import type { Column } from "./imports";
import { chosen, lackOf, mapOf } from "./mapping";

const column = (name: string, part: Column["part"], kind: string | null = null): Column => ({
  name,
  part,
  kind,
  confidence: 0.9,
  samples: [],
  filled: 1,
});
const PEOPLE = [
  column("id", "identifier", "external_id"),
  column("mail", "identifier", "email"),
  column("Tier", "trait"),
];

test("what the server guessed is said back as it was", () => {
  const map = { identifiers: { external_id: "id", email: "mail" }, traits: { tier: "Tier" }, default_region: "GB" };
  expect(mapOf("people", chosen(PEOPLE, map), map)).toEqual(map);
});

test("columns that are left out are no traits", () => {
  const wish = chosen(PEOPLE, null);
  wish.choices[2] = { column: "Tier", becomes: "ignore", name: "Tier" };
  expect(mapOf("people", wish, null)).toEqual({ identifiers: { external_id: "id", email: "mail" }, traits: {} });
});

test("the unit of a time is kept while the column is the same", () => {
  const columns = [column("who", "identifier", "email"), column("t", "time"), column("u", "property")];
  const map = { identifier: { email: "who" }, event: { value: "bought" }, time: { field: "t", unit: "hours" } };
  const wish = chosen(columns, map);
  expect(mapOf("events", wish, map)).toEqual({ ...map, properties: ["u"] });
  wish.choices[1] = { column: "t", becomes: "property", name: "t" };
  wish.choices[2] = { column: "u", becomes: "time", name: "u" };
  expect(mapOf("events", wish, map)).toMatchObject({ time: "u", properties: ["t"] });
});

test("what is missing is said before the server is asked", () => {
  const said = (parts: string[], kind: "people" | "events" = "people") =>
    lackOf(kind, { choices: parts.map((becomes, n) => ({ column: `${n}`, becomes, name: "" })), event: "" });
  expect(said(["trait", "ignore"])).toBe("nobody");
  expect(said(["email", "email"])).toBe("twice");
  expect(said(["email", "trait", "trait"])).toBeUndefined();
  expect(said(["email", "event"], "events")).toBe("no_time");
});
