import { useSyncExternalStore } from "react";

const narrow = matchMedia("(max-width: 767px)");
const listen = (hear: () => void) => {
  narrow.addEventListener("change", hear);
  return () => narrow.removeEventListener("change", hear);
};

/** One pane at a time. */
export const usePhone = (): boolean => useSyncExternalStore(listen, () => narrow.matches);
