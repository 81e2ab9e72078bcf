import { type ComponentProps, useEffect } from "react";
import { Modal } from "@/ui/controls";

/** A dialog that is there only while it is open: what was chosen before has the focus again afterwards. */
export function Dialog(props: Omit<ComponentProps<typeof Modal>, "opened">) {
  useEffect(() => {
    const before = document.activeElement;
    return () => {
      if (before instanceof HTMLElement) setTimeout(() => before.isConnected && before.focus({ preventScroll: true }));
    };
  }, []);
  return <Modal {...props} opened />;
}
