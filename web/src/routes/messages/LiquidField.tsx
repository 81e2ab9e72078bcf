import { IconArrowBackUp, IconBraces } from "@tabler/icons-react";
import { type KeyboardEvent, useId, useLayoutEffect, useRef, useState } from "react";
import { t } from "@/lib/i18n";
import { ActionIcon, Popover, Textarea, TextInput, Tooltip } from "@/ui/controls";
import { Choices, moveIn } from "./Choices";
import { useComposing, useFindings } from "./composer";
import { type Asked, askedAt, type Choice, choicesOf, completed } from "./liquid";

type Props = {
  label: string;
  /** Within the form that is looked at: `subject`, `blocks[2].url`. */
  within: string;
  type: "line" | "text" | "url" | "image" | "mjml";
  value: string;
  onChange: (value: string) => void;
  help?: string;
  needed?: boolean;
  /** What stands around it says what it is: the label is only spoken. */
  bare?: boolean;
  /** It says something else than the base; taken back by this. */
  onBase?: () => void;
};

/** A text with Liquid in it: what could stand there is offered after `{{`, after `|`, after `{%`, and by its button. */
export function LiquidField(props: Props) {
  const { fields, fixed } = useComposing();
  const [asked, setAsked] = useState<Asked | null>(null);
  const [active, setActive] = useState(0);
  const caret = useRef<number | null>(null);
  const entered = useRef(false);
  const field = useRef<HTMLInputElement & HTMLTextAreaElement>(null);
  const listId = useId();
  const typed = asked !== null && asked.kind !== "any";
  const choices = typed && asked ? choicesOf(fields, asked.kind, asked.query) : [];
  const open = typed && choices.length > 0;

  const wrong = useFindings(props.within).find((one) => one.code === "invalid")?.message;

  useLayoutEffect(() => {
    if (caret.current === null) return;
    field.current?.focus();
    field.current?.setSelectionRange(caret.current, caret.current);
    caret.current = null;
  });

  const look = (element: HTMLInputElement | HTMLTextAreaElement) => {
    const at = element.selectionStart ?? element.value.length;
    setAsked(element.selectionEnd === at ? askedAt(element.value, at) : null);
    setActive(0);
  };
  const choose = (choice: Choice) => {
    if (!asked || !fields) return;
    const at = asked.kind === "any" ? asked.from : (field.current?.selectionStart ?? asked.from);
    const [text, end] = completed(props.value, at, asked, choice, fields);
    caret.current = end;
    setAsked(null);
    props.onChange(text);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (!open) return;
    const chosen = choices[active];
    if (event.key === "Escape") setAsked(null);
    else if ((event.key === "Enter" || event.key === "Tab") && chosen) choose(chosen);
    else if (!moveIn(event.key, active, choices.length, setActive)) return;
    event.preventDefault();
    event.stopPropagation();
  };
  const shared = {
    label: props.bare && !props.onBase ? undefined : <Label {...props} />,
    ref: field,
    "data-within": props.within,
    description: props.help,
    error: open ? undefined : wrong,
    value: props.value,
    readOnly: fixed,
    spellCheck: props.type === "line" || props.type === "text",
    "aria-label": props.label,
    "aria-autocomplete": "list" as const,
    "aria-controls": open ? listId : undefined,
    "aria-activedescendant": open ? `${listId}-${active}` : undefined,
    onKeyDown,
    onFocus: () => {
      entered.current = true;
    },
    onBlur: () => typed && setAsked(null),
    onClick: (event: { currentTarget: HTMLInputElement | HTMLTextAreaElement }) => asked && look(event.currentTarget),
    onChange: (event: { currentTarget: HTMLInputElement | HTMLTextAreaElement }) => {
      props.onChange(event.currentTarget.value);
      look(event.currentTarget);
    },
    rightSectionPointerEvents: "all" as const,
    rightSection: fixed ? null : (
      <Insert
        label={t("messages.insert.at", { field: props.label })}
        opened={asked?.kind === "any"}
        open={() => setAsked({ kind: "any", from: caretOf(field.current, entered.current), query: "" })}
        close={() => setAsked(null)}
        choose={choose}
      />
    ),
  };
  const long = props.type === "text" || props.type === "mjml";
  return (
    <Popover
      opened={open}
      position="bottom-start"
      width="target"
      shadow="md"
      transitionProps={{ duration: 0 }}
      withRoles={false}
      trapFocus={false}
      returnFocus={false}
    >
      <Popover.Target>
        <div>
          {long ? (
            <Textarea
              {...shared}
              autosize
              minRows={props.type === "mjml" ? 8 : 2}
              maxRows={props.type === "mjml" ? 28 : 16}
              classNames={{ input: props.type === "mjml" ? "code" : undefined, section: "at-top" }}
            />
          ) : (
            <TextInput {...shared} inputMode={props.type === "url" || props.type === "image" ? "url" : undefined} />
          )}
        </div>
      </Popover.Target>
      <Popover.Dropdown p={4} onMouseDown={(event) => event.preventDefault()}>
        <Choices id={listId} choices={choices} active={active} onActive={setActive} onChoose={choose} />
      </Popover.Dropdown>
    </Popover>
  );
}

/** At the end where nobody has been in it. */
const caretOf = (element: HTMLInputElement | HTMLTextAreaElement | null, entered: boolean): number =>
  (entered ? element?.selectionStart : element?.value.length) ?? 0;

function Label(props: Props) {
  return (
    <span className="field-label">
      <span>
        {props.label}
        {props.needed === false && <span className="soft"> · {t("messages.optional")}</span>}
      </span>
      {props.onBase && (
        <button type="button" className="link" onClick={props.onBase}>
          <IconArrowBackUp size={14} aria-hidden /> {t("messages.variant.same")}
        </button>
      )}
    </span>
  );
}

/** The same list by a button, with a search of its own. */
function Insert(props: {
  label: string;
  opened: boolean;
  open: () => void;
  close: () => void;
  choose: (choice: Choice) => void;
}) {
  const { fields } = useComposing();
  const [query, setQuery] = useState("");
  const [active, setActive] = useState(0);
  const listId = useId();
  const choices = props.opened ? choicesOf(fields, "any", query) : [];
  const onKeyDown = (event: KeyboardEvent) => {
    const chosen = choices[active];
    if (event.key === "Enter" && chosen) props.choose(chosen);
    else if (!moveIn(event.key, active, choices.length, setActive)) return;
    event.preventDefault();
  };
  return (
    <Popover
      opened={props.opened}
      onChange={(opened) => !opened && props.close()}
      position="bottom-end"
      width={340}
      shadow="md"
      transitionProps={{ duration: 0 }}
      trapFocus
      returnFocus
      withRoles={false}
    >
      <Popover.Target>
        <Tooltip label={t("messages.insert")}>
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={props.label}
            aria-haspopup="dialog"
            aria-expanded={props.opened}
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => {
              setQuery("");
              setActive(0);
              props.open();
            }}
          >
            <IconBraces size={16} aria-hidden />
          </ActionIcon>
        </Tooltip>
      </Popover.Target>
      <Popover.Dropdown p={6} role="dialog" aria-label={t("messages.insert")}>
        <TextInput
          data-autofocus
          size="xs"
          aria-label={t("messages.insert.search")}
          placeholder={t("messages.insert.search")}
          aria-autocomplete="list"
          aria-controls={listId}
          aria-activedescendant={choices.length ? `${listId}-${active}` : undefined}
          value={query}
          onKeyDown={onKeyDown}
          onChange={(event) => {
            setQuery(event.currentTarget.value);
            setActive(0);
          }}
        />
        <Choices id={listId} choices={choices} active={active} onActive={setActive} onChoose={props.choose} />
      </Popover.Dropdown>
    </Popover>
  );
}
