import { IconArrowDown, IconArrowUp, IconCopy, IconPlus, IconTrash } from "@tabler/icons-react";
import { type KeyboardEvent, useEffect, useRef } from "react";
import { t } from "@/lib/i18n";
import { Button, Menu } from "@/ui/controls";
import { IconButton } from "@/ui/IconButton";
import { done } from "@/ui/toast";
import { kindIcon } from "./BlockIcon";
import { useComposing } from "./composer";
import { type Block, moved, numberOf, withField } from "./document";
import { LiquidField } from "./LiquidField";
import { blockName, fieldName } from "./words";

type Props = { blocks: Block[]; onChange: (blocks: Block[], step?: string) => void; undo: () => void };

/** What an e-mail says, from top to bottom. Kinds and their fields come from the server. */
export function Blocks(props: Props) {
  const { fields, fixed } = useComposing();
  const list = useRef<HTMLOListElement>(null);
  const wanted = useRef<number | null>(null);
  useEffect(() => {
    const number = wanted.current;
    if (number === null) return;
    wanted.current = null;
    const block = list.current?.querySelector(`[data-block="${number}"]`);
    (block?.querySelector<HTMLElement>("input, textarea") ?? block?.querySelector("button"))?.focus();
  });
  const add = (kind: string, at: number) => {
    const known = fields?.blocks.find((one) => one.kind === kind);
    const block: Block = {
      kind,
      ...Object.fromEntries((known?.fields ?? []).filter((field) => field.needed).map((field) => [field.name, ""])),
    };
    wanted.current = numberOf(block);
    props.onChange(props.blocks.toSpliced(at, 0, block));
  };
  const act = {
    move: (from: number, to: number) =>
      to >= 0 && to < props.blocks.length && props.onChange(moved(props.blocks, from, to)),
    twice: (n: number) => {
      const block = props.blocks[n];
      if (!block) return;
      const other = { ...block };
      wanted.current = numberOf(other);
      props.onChange(props.blocks.toSpliced(n + 1, 0, other));
    },
    remove: (n: number) => {
      const block = props.blocks[n];
      if (!block) return;
      const next = props.blocks[n + 1] ?? props.blocks[n - 1];
      wanted.current = next ? numberOf(next) : null;
      props.onChange(props.blocks.toSpliced(n, 1));
      done(t("messages.block.removed", { kind: blockName(block.kind) }), props.undo);
    },
  };
  return (
    <div className="blocks">
      <ol ref={list} data-within="blocks" tabIndex={-1}>
        {props.blocks.map((block, n) => (
          <One
            key={numberOf(block)}
            block={block}
            n={n}
            of={props.blocks.length}
            act={act}
            onChange={(field, value) =>
              props.onChange(props.blocks.with(n, withField(block, field, value)), `block ${numberOf(block)} ${field}`)
            }
          />
        ))}
      </ol>
      {!fixed && <Add onAdd={(kind) => add(kind, props.blocks.length)} />}
    </div>
  );
}

type Act = { move: (from: number, to: number) => void; twice: (n: number) => void; remove: (n: number) => void };

function One(props: {
  block: Block;
  n: number;
  of: number;
  act: Act;
  onChange: (field: string, value: string) => void;
}) {
  const { fields, fixed } = useComposing();
  const { block, n, act } = props;
  const kind = fields?.blocks.find((one) => one.kind === block.kind);
  const name = blockName(block.kind);
  const Icon = kindIcon(block.kind);
  const onKeyDown = (event: KeyboardEvent) => {
    const mod = event.ctrlKey || event.metaKey;
    if (fixed || event.defaultPrevented) return;
    if (event.altKey && event.key === "ArrowUp") act.move(n, n - 1);
    else if (event.altKey && event.key === "ArrowDown") act.move(n, n + 1);
    else if (mod && event.key.toLowerCase() === "d") act.twice(n);
    else if (mod && event.shiftKey && event.key === "Backspace") act.remove(n);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <li
      data-block={numberOf(block)}
      data-within={`blocks[${n}]`}
      aria-label={t("messages.block.of", { kind: name, n: n + 1, of: props.of })}
      onKeyDown={onKeyDown}
    >
      <div className="block-head">
        <Icon size={16} aria-hidden />
        <span>{name}</span>
        {!fixed && (
          <span className="block-acts">
            <Act
              label={t("messages.block.up", { kind: name })}
              keys="Alt ↑"
              disabled={n === 0}
              Icon={IconArrowUp}
              run={() => act.move(n, n - 1)}
            />
            <Act
              label={t("messages.block.down", { kind: name })}
              keys="Alt ↓"
              disabled={n === props.of - 1}
              Icon={IconArrowDown}
              run={() => act.move(n, n + 1)}
            />
            <Act
              label={t("messages.block.twice", { kind: name })}
              keys="Ctrl D"
              Icon={IconCopy}
              run={() => act.twice(n)}
            />
            <Act
              label={t("messages.block.remove", { kind: name })}
              keys="Ctrl ⇧ ⌫"
              Icon={IconTrash}
              run={() => act.remove(n)}
            />
          </span>
        )}
      </div>
      {kind?.fields.map((field) => (
        <LiquidField
          key={field.name}
          label={fieldName(field.name, block.kind)}
          within={`blocks[${n}].${field.name}`}
          type={field.type === "blocks" ? "text" : field.type}
          bare={kind.fields.length === 1}
          needed={field.needed && !field.may_be_empty}
          value={typeof block[field.name] === "string" ? String(block[field.name]) : ""}
          onChange={(value) => props.onChange(field.name, value)}
        />
      ))}
    </li>
  );
}

function Act(props: { label: string; keys: string; disabled?: boolean; Icon: typeof IconCopy; run: () => void }) {
  return <IconButton {...props} tip={`${props.label} (${props.keys})`} />;
}

function Add(props: { onAdd: (kind: string) => void }) {
  const { fields } = useComposing();
  const button = useRef<HTMLButtonElement>(null);
  const chosen = useRef(false);
  // The focus goes into the new block; without one it comes back.
  const onClose = () => {
    if (!chosen.current) button.current?.focus();
  };
  const add = (kind: string) => {
    chosen.current = true;
    props.onAdd(kind);
  };
  return (
    <Menu
      position="bottom-start"
      width={280}
      returnFocus={false}
      onOpen={() => {
        chosen.current = false;
      }}
      onClose={onClose}
    >
      <Menu.Target>
        <Button ref={button} variant="default" leftSection={<IconPlus size={16} aria-hidden />} className="add">
          {t("messages.block.add")}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {fields?.blocks.map((one) => {
          const Icon = kindIcon(one.kind);
          return (
            <Menu.Item key={one.kind} leftSection={<Icon size={18} aria-hidden />} onClick={() => add(one.kind)}>
              {blockName(one.kind)}
              <span className="soft menu-help">{t(`messages.block.help.${known(one.kind)}`)}</span>
            </Menu.Item>
          );
        })}
      </Menu.Dropdown>
    </Menu>
  );
}

const KINDS = ["heading", "text", "button", "image", "divider", "mjml"] as const;
const known = (kind: string) => KINDS.find((one) => one === kind) ?? "text";
