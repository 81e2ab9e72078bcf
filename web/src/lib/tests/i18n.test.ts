import { beforeAll, describe, expect, it } from "vitest";
import { loadWords, say, t, tn } from "../i18n";

beforeAll(() => loadWords("app"));

describe("words", () => {
  it("have their placeholders filled in, those that are given", () => {
    expect(t("app.sign_in.with", { name: "Example" })).toBe("Sign in with Example");
    expect(t("app.chart.span", { title: "Sent" })).toBe("Sent, from {from} to {to}.");
  });

  it("never put in what was not asked for", () => {
    expect(t("app.sign_in.with", { name: "{n}", n: 5 })).toBe("Sign in with {n}");
  });

  it("of the server are said as it says them where we have none", () => {
    expect(say("setting.unknown.title", "Its title")).toBe("Its title");
    expect(say("app.save", "else")).toBe("Save");
  });

  it("go by number", () => {
    expect([tn("app.toasts", 1), tn("app.toasts", 1_200)]).toEqual(["1 message", "1,200 messages"]);
  });
});
