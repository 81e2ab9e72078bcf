import { type Icon, IconArrowBackUp, IconArrowForwardUp, IconDots } from "@tabler/icons-react";
import type { ComponentProps, ReactNode } from "react";
import { t } from "@/lib/i18n";
import { useShortcuts } from "@/lib/keys";
import { ActionIcon, Menu, Tooltip } from "./controls";

const SIZES = { small: [22, 14], middle: [28, 16], large: [36, 18] } as const;

/** A button that is a sign alone. What it cannot do now keeps its place in the order of focus. */
export function IconButton(props: {
  label: string;
  Icon: Icon;
  run?: () => unknown;
  /** Shown where a mouse rests: `true` says the label. */
  tip?: string | true;
  size?: keyof typeof SIZES;
  framed?: boolean;
  disabled?: boolean;
  className?: string;
}) {
  const { label, tip, disabled } = props;
  const [box, size] = SIZES[props.size ?? "middle"];
  const button = (
    <ActionIcon
      {...lookOf(props.framed)}
      size={box}
      className={props.className}
      aria-label={label}
      aria-disabled={disabled || undefined}
      style={disabled ? { opacity: 0.4 } : undefined}
      onClick={disabled ? undefined : props.run}
    >
      <props.Icon size={size} aria-hidden />
    </ActionIcon>
  );
  return tip ? <Tooltip label={tip === true ? label : tip}>{button}</Tooltip> : button;
}

const lookOf = (framed?: boolean) => (framed ? { variant: "default" } : { variant: "subtle", color: "gray" });

type Menued = Omit<ComponentProps<typeof Menu>, "children">;

/** Everything else that can be done with something, behind three dots. */
export function MoreMenu(
  props: Menued & {
    label: string;
    framed?: boolean;
    size?: keyof typeof SIZES;
    busy?: boolean;
    button?: React.Ref<HTMLButtonElement>;
    children: ReactNode;
  },
) {
  const { label, framed, size = framed ? "large" : "middle", busy, button, children, ...menu } = props;
  const [box, dots] = SIZES[size];
  return (
    <Menu position="bottom-end" {...menu}>
      <Menu.Target>
        <ActionIcon ref={button} {...lookOf(framed)} size={box} loading={busy} aria-label={label}>
          <IconDots size={dots} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>{children}</Menu.Dropdown>
    </Menu>
  );
}

type Edited = { undo: () => void; redo: () => void; canUndo: boolean; canRedo: boolean };

/** For what `useDraft` edits: two buttons, and their keys. */
export function UndoRedo({ edited, framed }: { edited: Edited; framed?: boolean }) {
  const ctrl = /Mac/.test(navigator.platform) ? "⌘" : "Ctrl";
  useShortcuts([
    { keys: "mod+z", label: t("app.undo"), run: edited.undo },
    { keys: "mod+shift+z", label: t("app.redo"), run: edited.redo },
    { keys: "mod+y", label: t("app.redo"), run: edited.redo },
  ]);
  const look = { framed, size: framed ? "large" : "middle" } as const;
  return (
    <>
      <IconButton
        {...look}
        label={t("app.undo")}
        tip={`${t("app.undo")} (${ctrl} Z)`}
        Icon={IconArrowBackUp}
        disabled={!edited.canUndo}
        run={edited.undo}
      />
      <IconButton
        {...look}
        label={t("app.redo")}
        tip={`${t("app.redo")} (${ctrl} ⇧ Z)`}
        Icon={IconArrowForwardUp}
        disabled={!edited.canRedo}
        run={edited.redo}
      />
    </>
  );
}
