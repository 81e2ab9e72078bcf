import { useSyncExternalStore } from "react";

const phone = matchMedia("(max-width: 767px)");
const listen = (hear: () => void) => {
  phone.addEventListener("change", hear);
  return () => phone.removeEventListener("change", hear);
};

/** Whether there is as little room as on a phone. */
export const useNarrow = (): boolean => useSyncExternalStore(listen, () => phone.matches);
