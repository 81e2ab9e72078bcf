import { describe, expect, it } from "vitest";
import { merged } from "../live";

describe("what is told as a delta", () => {
  it("changes a map key by key, and takes away what is null", () => {
    const before = { counts: { "email//sent": 1, "sms//sent": 2 }, state: "running" };
    expect(merged(before, { counts: { "email//sent": 3, "sms//sent": null, "push//sent": 1 } })).toEqual({
      counts: { "email//sent": 3, "push//sent": 1 },
      state: "running",
    });
  });

  it("replaces what is no map: lists, words, numbers, null", () => {
    const before = { list: [1, 2], state: "running", ends_at: null, map: { a: 1 } };
    expect(merged(before, { list: [3], state: "paused", ends_at: "2026-01-01T00:00:00Z", map: null })).toEqual({
      list: [3],
      state: "paused",
      ends_at: "2026-01-01T00:00:00Z",
      map: null,
    });
  });

  it("leaves the document before as it was", () => {
    const before = { counts: { sent: 1 } };
    merged(before, { counts: { sent: 2 } });
    expect(before).toEqual({ counts: { sent: 1 } });
  });
});
