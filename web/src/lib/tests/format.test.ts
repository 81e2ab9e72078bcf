import { describe, expect, it } from "vitest";
import { heed, moved } from "../company";
import { ago, money, percent, pointInTime, span, tick } from "../format";

const NOW = new Date("2026-01-05T12:00:00Z");

describe("formats", () => {
  it("keep a digit of small shares, and none of what is not known", () => {
    expect([percent(0.0031), percent(0.42), percent(null), percent(Number.NaN)]).toEqual(["0.3%", "42%", "–", "–"]);
  });

  it("keep fractions of a penny", () => {
    expect([money(0.0042, "EUR"), money(12.5, "EUR"), money(12.5)]).toEqual(["€0.0042", "€12.50", "12.50"]);
  });

  it("count from the product's clock", () => {
    expect(ago("2026-01-05T11:57:00Z", NOW)).toBe("3 min. ago");
    expect(ago("2026-01-07T12:00:00Z", NOW)).toBe("in 2 days");
  });

  it("count from where the sandbox holds its clock, and are in the company's currency", () => {
    heed({ currency: "GBP", product_time: { now: "2031-05-01T12:00:00Z", held: true } });
    expect([ago("2031-05-01T11:00:00Z"), money(12.5)]).toEqual(["1 hr. ago", "£12.50"]);
    moved(null, 0);
    expect(ago(new Date(Date.now() - 7_200_000))).toBe("2 hr. ago");
    heed({});
    expect(money(12.5)).toBe("12.50");
  });

  it("name lengths of time", () => {
    expect([span(40), span(600), span(7_500), span(200_000)]).toEqual(["40 s", "10 min", "2 h 5 min", "2 d"]);
  });

  it("name a time as exactly as its neighbours need, where it is", () => {
    const at = Date.parse("2026-01-05T23:30:00Z") / 1000;
    expect(tick(at, 300, "UTC")).toMatch(/^11:30\sPM$/);
    expect(tick(at, 86_400, "UTC")).toBe("Jan 5");
    expect(tick(at, 86_400, "Europe/Paris")).toBe("Jan 6");
    expect(pointInTime(at, 86_400, "UTC")).toBe("Jan 5, 2026");
  });
});
