import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act } from "react";
import { createRoot } from "react-dom/client";

(globalThis as Record<string, unknown>).IS_REACT_ACT_ENVIRONMENT = true;

/** A hook in a page of its own: what it gave last, and how to leave the page. */
export function rendered<T>(use: () => T, client = new QueryClient()) {
  const now = { current: undefined as T };
  function Probe() {
    now.current = use();
    return null;
  }
  const root = createRoot(document.createElement("div"));
  act(() =>
    root.render(
      <QueryClientProvider client={client}>
        <Probe />
      </QueryClientProvider>,
    ),
  );
  return { now, client, leave: () => act(() => root.unmount()) };
}
