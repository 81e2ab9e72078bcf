import type { QueryKey } from "@tanstack/react-query";
import { queryClient } from "./query";

// Tabs of one browser are in step: what was changed in one, the others ask for again.
const others = new BroadcastChannel("antiphon");
others.onmessage = ({ data }: MessageEvent<QueryKey[]>) => {
  for (const queryKey of data) void queryClient.invalidateQueries({ queryKey });
};

export const tellTabs = (changed: QueryKey[]): void => others.postMessage(changed);
