import "./builder.css";
import {
  IconAlertTriangle,
  IconChevronDown,
  IconChevronUp,
  IconCopy,
  IconDots,
  IconEqualNot,
  IconFolderOff,
  IconFolderPlus,
  IconTrash,
} from "@tabler/icons-react";
import { useEffect, useRef } from "react";
import type { Flaw } from "@/lib/api";
import { t, tn } from "@/lib/i18n";
import { Menu, NativeSelect } from "@/ui/controls";
import { IconButton } from "@/ui/IconButton";
import { Add } from "./Add";
import { formOf, missing, useKnown } from "./known";
import { Row, spoken } from "./Row";
import { type Caution, caution } from "./segments";
import {
  duplicate,
  insert,
  listOf,
  move,
  type Node,
  negated,
  type Rule,
  read,
  regroup,
  remove,
  replace,
  saidOf,
  unwrap,
  wrap,
} from "./tree";

export type Said = { flaws: Flaw[]; cautions: Caution[] };
type Edit = { root: Rule; change: (next: Rule) => void; goTo: (place: string, isNew?: boolean) => void; said: Said };

/** A rule: groups in groups, and conditions in them. Everything is done by buttons, so by keys too. */
export function Tree(props: { root: Rule; change: (next: Rule) => void; said: Said }) {
  const box = useRef<HTMLDivElement>(null);
  const wanted = useRef<string>(undefined);
  const fresh = useRef(false);
  useEffect(() => {
    if (wanted.current === undefined) return;
    const found = [...(box.current?.querySelectorAll<HTMLElement>("[data-at]") ?? [])];
    const part = found.find((one) => one.dataset.at === wanted.current);
    // what is new begins with what is to be filled in; what was moved is only followed
    const field = fresh.current ? [...(part?.querySelectorAll("input") ?? [])].find((one) => !one.value) : undefined;
    (field ?? part)?.focus();
    wanted.current = undefined;
  });
  const edit: Edit = {
    ...props,
    goTo: (place, isNew = false) => {
      wanted.current = place;
      fresh.current = isNew;
    },
  };
  return (
    <div ref={box} className="tree">
      <Part node={read(props.root, "rule")} edit={edit} depth={0} />
    </div>
  );
}

type PartProps = { node: Node; edit: Edit; depth: number };

function Part(props: PartProps) {
  return props.node.group ? <Group {...props} /> : <Leaf {...props} />;
}

const JOINS = ["all", "any", "none", "notall"] as const;
type Join = (typeof JOINS)[number];
const joinOf = (node: Node): Join =>
  node.negated ? (node.group === "any" ? "none" : "notall") : (node.group ?? "all");

function Group({ node, edit, depth }: PartProps) {
  const join = joinOf(node);
  const joinTo = (next: string) => {
    const kind = next === "any" || next === "none" ? "any" : "all";
    edit.change(regroup(edit.root, node, kind, next === "none" || next === "notall"));
  };
  const add = (rule: Rule) => {
    const list = listOf(node);
    edit.goTo(`${list}[${node.parts.length}]`, true);
    edit.change(insert(edit.root, list, node.parts.length, rule));
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset cannot be laid out as a grid everywhere
    <div
      role="group"
      aria-label={tn(depth ? "segments.group.said" : "segments.group.said_root", node.parts.length, {
        join: t(`segments.join.${join}`),
      })}
      className="group"
      data-at={node.outer}
      data-depth={depth % 3}
      tabIndex={-1}
    >
      <div className="grouphead">
        <NativeSelect
          size="xs"
          aria-label={t("segments.join")}
          data={JOINS.map((one) => ({ value: one, label: t(`segments.join.${one}`) }))}
          value={join}
          onChange={(event) => joinTo(event.currentTarget.value)}
        />
        {depth > 0 && <Acts node={node} edit={edit} name={t(`segments.join.${join}`)} />}
      </div>
      <Says node={node} said={edit.said} />
      {node.parts.length > 0 && (
        <ol className="parts">
          {node.parts.map((part, n) => (
            <li key={n}>
              {n > 0 && <span className="joint soft">{t(node.group === "any" ? "segments.or" : "segments.and")}</span>}
              <Part node={read(part, `${listOf(node)}[${n}]`)} edit={edit} depth={depth + 1} />
            </li>
          ))}
        </ol>
      )}
      <Add add={add} deep={depth < 18} />
    </div>
  );
}

function Leaf({ node, edit }: PartProps) {
  const known = useKnown();
  const form = formOf(known, node.rule);
  const name = spoken(form, node.rule);
  const flaws = saidOf(edit.said.flaws, node).map((flaw) => flaw.at.slice(node.inner.length + 1));
  const lacking = missing(known, node.rule);
  const said = node.negated ? t("segments.not_said", { what: name }) : name;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset cannot be laid out as a grid everywhere
    <div role="group" aria-label={said} className="leaf" data-at={node.outer} tabIndex={-1}>
      <div className="leafhead">
        {node.negated && <span className="not">{t("segments.not")}</span>}
        <Row
          leaf={node.rule}
          bad={flaws}
          onChange={(leaf) => edit.change(replace(edit.root, node.outer, node.negated ? negated(leaf) : leaf))}
        />
        <Acts node={node} edit={edit} name={name} />
      </div>
      {lacking.length > 0 && !flaws.length && <p className="hint soft">{t("segments.fill_in")}</p>}
      <Says node={node} said={edit.said} />
    </div>
  );
}

/** What the server refuses of this very part, and what it warns of. */
function Says({ node, said }: { node: Node; said: Said }) {
  const flaws = saidOf(said.flaws, node);
  const cautions = saidOf(said.cautions, node);
  if (!flaws.length && !cautions.length) return null;
  return (
    <ul className="says">
      {flaws.map((flaw) => (
        <li key={`${flaw.at} ${flaw.message}`} className="bad">
          {flaw.message} <code>{flaw.at}</code>
        </li>
      ))}
      {cautions.map((one) => (
        <li key={`${one.at} ${one.code}`} className="warn">
          <IconAlertTriangle size={14} aria-hidden /> {caution(one)}
        </li>
      ))}
    </ul>
  );
}

function Acts({ node, edit, name }: { node: Node; edit: Edit; name: string }) {
  const { root, change, goTo } = edit;
  const go = (by: -1 | 1) => {
    const moved = move(root, node.outer, by);
    goTo(moved.to);
    change(moved.root);
  };
  const flip = () => {
    const stripped = node.group ? { [node.group]: node.parts } : node.rule;
    change(replace(root, node.outer, node.negated ? stripped : negated(stripped)));
  };
  const act = (label: string, Icon: typeof IconTrash, run: () => void, narrow = false) => (
    <IconButton
      label={t("segments.act", { act: label, what: name })}
      tip={label}
      Icon={Icon}
      run={run}
      className={narrow ? "hide-phone" : undefined}
    />
  );
  return (
    <span className="rowacts">
      {act(t("segments.up"), IconChevronUp, () => go(-1), true)}
      {act(t("segments.down"), IconChevronDown, () => go(1), true)}
      <Menu position="bottom-end">
        <Menu.Target>{act(t("segments.acts"), IconDots, () => {})}</Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<IconEqualNot size={16} aria-hidden />} onClick={flip}>
            {t(node.negated ? "segments.unnegate" : "segments.negate")}
          </Menu.Item>
          <Menu.Item
            leftSection={<IconCopy size={16} aria-hidden />}
            onClick={() => change(duplicate(root, node.outer))}
          >
            {t("segments.duplicate")}
          </Menu.Item>
          <Menu.Item
            leftSection={<IconFolderPlus size={16} aria-hidden />}
            onClick={() => change(wrap(root, node.outer))}
          >
            {t("segments.wrap")}
          </Menu.Item>
          {node.group && (
            <Menu.Item
              leftSection={<IconFolderOff size={16} aria-hidden />}
              onClick={() => change(unwrap(root, node.outer))}
            >
              {t("segments.unwrap")}
            </Menu.Item>
          )}
          <Menu.Item leftSection={<IconChevronUp size={16} aria-hidden />} onClick={() => go(-1)}>
            {t("segments.up")}
          </Menu.Item>
          <Menu.Item leftSection={<IconChevronDown size={16} aria-hidden />} onClick={() => go(1)}>
            {t("segments.down")}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {act(t("app.delete"), IconTrash, () => {
        goTo(node.outer.replace(/\.(all|any)\[\d+\]$/, "").replace(/(\.not)+$/, ""));
        change(remove(root, node.outer));
      })}
    </span>
  );
}
