import { act } from "react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Problem } from "../api";
import { useDraft } from "../draft";
import { rendered } from "./render";

const PAUSE_MS = 700;
const pass = (ms: number) => act(() => vi.advanceTimersByTimeAsync(ms));

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function draft(save: (value: string) => Promise<void> = async () => {}) {
  const page = rendered(() => useDraft<string>("", save));
  const write = (text: string) => act(() => page.now.current.change(text));
  return { ...page, write };
}

describe("a draft", () => {
  it("is saved once, shortly after the last of several changes", async () => {
    const saved: string[] = [];
    const { now, write } = draft(async (text) => void saved.push(text));
    write("a");
    await pass(100);
    write("ab");
    expect(now.current.saving).toBe("unsaved");
    await pass(PAUSE_MS);
    expect(saved).toEqual(["ab"]);
    expect(now.current.saving).toBe("saved");
  });

  it("is saved in the order in which it was written, however long the first takes", async () => {
    const saved: string[] = [];
    let finish = () => {};
    const { now, write } = draft(async (text) => {
      if (text === "first") await new Promise<void>((resolve) => (finish = resolve));
      saved.push(text);
    });
    write("first");
    await pass(PAUSE_MS);
    write("second");
    await pass(PAUSE_MS);
    expect(saved).toEqual([]);
    expect(now.current.saving).toBe("saving");
    finish();
    await pass(0);
    expect(saved).toEqual(["first", "second"]);
    expect(now.current.saving).toBe("saved");
  });

  it("goes back and forth, and forgets what was undone when something else is written", () => {
    const { now, write } = draft();
    write("a");
    write("ab");
    act(() => now.current.undo());
    act(() => now.current.undo());
    expect([now.current.value, now.current.canUndo, now.current.canRedo]).toEqual(["", false, true]);
    act(() => now.current.redo());
    expect(now.current.value).toBe("a");
    write("ax");
    expect([now.current.value, now.current.canRedo]).toEqual(["ax", false]);
    act(() => now.current.undo());
    expect(now.current.value).toBe("a");
  });

  it("keeps what could not be saved, says why, and saves it when asked again", async () => {
    const saved: string[] = [];
    let down = true;
    const { now, write } = draft(async (text) => {
      if (down) throw new Problem(503, "busy", "One moment.");
      saved.push(text);
    });
    write("kept");
    await pass(PAUSE_MS);
    expect([now.current.value, now.current.saving, now.current.problem?.title]).toEqual([
      "kept",
      "failed",
      "One moment.",
    ]);
    down = false;
    await act(() => now.current.retry());
    expect([saved, now.current.saving, now.current.problem]).toEqual([["kept"], "saved", undefined]);
  });

  it("is saved when its page is left before the pause is over", async () => {
    const saved: string[] = [];
    const { write, leave } = draft(async (text) => void saved.push(text));
    write("left");
    leave();
    await pass(0);
    expect(saved).toEqual(["left"]);
  });
});
