import { QueryClient } from "@tanstack/react-query";
import { act } from "react";
import { describe, expect, it } from "vitest";
import { Problem } from "../api";
import { useChange } from "../change";
import { rendered } from "./render";

const KEY = ["segment"];
type Segment = { name: string };

function renaming(answer: Promise<void>, taken: (string | undefined)[] = []) {
  const client = new QueryClient();
  client.setQueryData<Segment>(KEY, { name: "before" });
  const page = rendered(
    () =>
      useChange<string, Segment, void>({
        act: () => answer,
        key: KEY,
        now: (_before, name) => ({ name }),
        undo: (before) => taken.push(before?.name),
      }),
    client,
  );
  return { ...page, shown: () => client.getQueryData<Segment>(KEY)?.name };
}

describe("a change", () => {
  it("is shown before the server has answered", async () => {
    let finish = () => {};
    const { now, shown } = renaming(new Promise((resolve) => (finish = resolve)));
    let running: Promise<unknown> = Promise.resolve();
    await act(async () => {
      running = now.current.run("after");
    });
    expect([shown(), now.current.busy]).toEqual(["after", true]);
    await act(async () => {
      finish();
      await running;
    });
    expect([shown(), now.current.busy]).toEqual(["after", false]);
  });

  it("that was refused is put back, and says why", async () => {
    const refused = new Problem(409, "conflict", "Somebody else has renamed it.");
    const { now, shown } = renaming(Promise.reject(refused));
    const answer = await act(() => now.current.run("after"));
    expect([answer, shown(), now.current.problem]).toEqual([undefined, "before", refused]);
  });
});
