import { describe, expect, it } from "vitest";
import { next } from "./entering";

const wanted = (path: string) => next(`?next=${encodeURIComponent(path)}`);

describe("where to go after signing in", () => {
  it("is the page that was asked for, with what stood in its address", () => {
    expect(wanted("/people?q=jo&within=7d#events")).toBe("/app/people?q=jo&within=7d#events");
    expect(wanted("/app/campaigns/12")).toBe("/app/campaigns/12");
    expect(next("")).toBe("/app/");
  });
  it.each(["//evil.example", "/\\evil.example", "https://evil.example", "/app/..//evil.example", "/..", "x", "\t//x"])(
    "is never elsewhere: %s",
    (path) => expect(wanted(path)).toBe("/app/"),
  );
  it.each(["/sign-in?next=/x", "/welcome", "/app/invitation#t"])("is no door: %s", (path) =>
    expect(wanted(path)).toBe("/app/"),
  );
});
