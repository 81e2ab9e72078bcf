import { IconPlus } from "@tabler/icons-react";
import { Button } from "@/ui/controls";

/** Beside the heading of a panel: one more of what is in it. */
export function AddButton(props: { children: string; run: () => void }) {
  return (
    <Button size="compact-sm" variant="subtle" leftSection={<IconPlus size={14} aria-hidden />} onClick={props.run}>
      {props.children}
    </Button>
  );
}
