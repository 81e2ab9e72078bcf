import { describe, expect, it } from "vitest";
import { bestOf } from "./best";

const row = (channel: string, share: number | null, low: number | null, high: number | null) => ({
  channel,
  rates: { converted: { share, low, high } },
});

describe("the best channel so far", () => {
  it("is sure only when its interval lies above all others", () => {
    expect(bestOf([row("email", 0.02, 0.01, 0.03), row("sms", 0.05, 0.04, 0.06)])).toEqual({
      channel: "sms",
      sure: true,
    });
    expect(bestOf([row("email", 0.04, 0.03, 0.05), row("sms", 0.05, 0.04, 0.06)])).toEqual({
      channel: "sms",
      sure: false,
    });
  });

  it("is not sure with nothing to compare it with, and is none where nothing was sent", () => {
    expect(bestOf([row("email", 0.02, 0.01, 0.03), row("sms", null, null, null)])).toEqual({
      channel: "email",
      sure: false,
    });
    expect(bestOf([row("sms", null, null, null)])).toBeUndefined();
  });
});
