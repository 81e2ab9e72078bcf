import { beforeAll, describe, expect, it } from "vitest";
import { loadWords } from "@/lib/i18n";
import { done, said, targets } from "./audit";

beforeAll(() => loadWords("access"));

describe("a line of the audit log", () => {
  it("says what was done, also what it has no words for", () => {
    expect(done("campaigns.launch")).toBe("launched a campaign");
    expect(done("tea.make")).toBe("did tea.make");
  });
  it("leads to what it was done to", () => {
    expect(targets("campaign:12")).toEqual([{ text: "campaign 12", to: "/campaigns/12" }]);
    expect(targets("profile:7")).toEqual([{ text: "person 7", to: "/people/7" }]);
    expect(targets("who:email:j…@shop.example key:acme co")).toEqual([
      { text: "person email:j…@shop.example" },
      { text: "key acme co" },
    ]);
    expect(targets("")).toEqual([]);
  });
  it("tells what was given, and of what is left out only that it was", () => {
    expect(said({ name: "Spring", secret: "…", note: "", share: 0.2 })).toBe("name: Spring, secret, share: 0.2");
  });
});
