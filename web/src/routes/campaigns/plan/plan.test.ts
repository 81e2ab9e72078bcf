import { describe, expect, it } from "vitest";
import { askedOf, changed, hoursOf, isOpen, NEW, type Plan, stepOf } from "./plan";

const PLAN: Plan = { ...NEW, name: "Sale", message: "coupon", segment: "buyers", channels: ["email"] };

describe("a plan", () => {
  it("asks for what is said and for nothing else", () => {
    const asked = askedOf(PLAN);
    expect(asked.recall_s).toBe(60);
    expect([asked.pilot, asked.launch_at, asked.send_at, asked.throttle, asked.stop_above]).toEqual([
      null,
      null,
      null,
      null,
      null,
    ]);
  });

  it("forgets a time when another way to begin is chosen", () => {
    const planned: Plan = { ...PLAN, launch_at: "2026-12-01T09:00:00Z", local: "2026-12-01T09:00" };
    expect(askedOf({ ...planned, start: "at" }).send_at).toBeNull();
    expect(askedOf({ ...planned, start: "local" }).launch_at).toBeNull();
    expect(askedOf({ ...planned, start: "now" }).launch_at).toBeNull();
    expect(askedOf({ ...planned, start: "best", within_h: 12 }).send_at).toEqual({ best_hour: true, within: "43200s" });
  });

  it("sends only what changed", () => {
    const before = askedOf(PLAN);
    expect(changed(before, askedOf(PLAN))).toEqual({});
    expect(changed(before, askedOf({ ...PLAN, pilot: 0.2, channels: ["email", "sms"] }))).toEqual({
      pilot: { share: 0.2 },
      channels: ["email", "sms"],
    });
  });

  it("reads durations as the server writes them", () => {
    expect([hoursOf("129600s"), hoursOf("36h"), hoursOf("2d"), hoursOf(null), hoursOf("soon")]).toEqual([
      36,
      36,
      48,
      null,
      null,
    ]);
  });

  it("knows where a flaw is mended, and which step is not done", () => {
    expect(stepOf({ at: "exclude[0]", message: "" })).toBe("audience");
    expect(stepOf({ at: "send_at.local", message: "" })).toBe("schedule");
    expect(stepOf({ at: "stop_above.least", message: "" })).toBe("limits");
    expect(isOpen({ ...PLAN, start: "local" }, "schedule")).toBe(true);
    expect(isOpen(PLAN, "schedule")).toBe(false);
  });
});
