/** A rule as a tree that is edited: nothing is changed in place, every edit gives a new root.
 *  Places are the server's: `rule.all[0].not`. A root here is always a group, so that conditions have somewhere to stand. */
export type Rule = { [key: string]: unknown };
export type GroupKind = "all" | "any";

/** What stands at a place once `not` is taken off: `outer` is where it stands in its group, `inner` what it is. */
export type Node = { outer: string; inner: string; negated: boolean; rule: Rule; group?: GroupKind; parts: Rule[] };

const KINDS: GroupKind[] = ["all", "any"];

export const isRule = (value: unknown): value is Rule =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const rulesOf = (value: unknown): Rule[] => (Array.isArray(value) ? value.filter(isRule) : []);
export const groupOf = (rule: Rule): GroupKind | undefined => KINDS.find((kind) => kind in rule);

export function read(rule: Rule, at: string): Node {
  let [inner, found, negated] = [at, rule, false];
  while (isRule(found.not)) {
    found = found.not;
    inner += ".not";
    negated = !negated;
  }
  const group = groupOf(found);
  return { outer: at, inner, negated, rule: found, group, parts: group ? rulesOf(found[group]) : [] };
}

/** The rule of a document, in a group. */
export function rooted(document: unknown): Rule {
  const rule = isRule(document) && isRule(document.rule) ? document.rule : document;
  if (!isRule(rule) || !Object.keys(rule).length) return { all: [] };
  return read(rule, "").group ? rule : { all: [rule] };
}

/** As it is kept: a condition alone needs no group. */
export function bare(root: Rule): Rule {
  const node = read(root, "rule");
  const [only] = node.parts;
  return !node.negated && only && node.parts.length === 1 ? only : root;
}

export const negated = (rule: Rule): Rule => (isRule(rule.not) ? rule.not : { not: rule });

type Step = string | number;
const steps = (at: string): Step[] =>
  at
    .replace(/^rule\.?/, "")
    .split(/[.[\]]+/)
    .filter((part) => part !== "")
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part));

/** What stands at a place below a value. */
export function at(value: unknown, way: Step[]): unknown {
  return way.reduce<unknown>((found, step) => {
    if (typeof step === "number") return Array.isArray(found) ? found[step] : undefined;
    return isRule(found) ? found[step] : undefined;
  }, value);
}

function changed(value: unknown, way: Step[], next: (before: unknown) => unknown): unknown {
  const [step, ...rest] = way;
  if (step === undefined) return next(value);
  if (typeof step === "number") {
    const list = Array.isArray(value) ? value : [];
    return list.map((item, n) => (n === step ? changed(item, rest, next) : item));
  }
  const before = isRule(value) ? value : {};
  const after = changed(before[step], rest, next);
  if (after !== undefined) return { ...before, [step]: after };
  return Object.fromEntries(Object.entries(before).filter(([key]) => key !== step));
}

const rule = (value: unknown): Rule => (isRule(value) ? value : {});
const place = (outer: string): [string, number] => {
  const found = /^(.*)\[(\d+)\]$/.exec(outer);
  return [found?.[1] ?? "rule", Number(found?.[2] ?? 0)];
};

/** A dotted key of a leaf: `near.km`. undefined takes it away. */
export const put = (leaf: Rule, key: string, value: unknown): Rule =>
  rule(changed(leaf, key ? key.split(".") : [], () => value));
export const get = (leaf: Rule, key: string): unknown => at(leaf, key ? key.split(".") : []);

export const replace = (root: Rule, outer: string, next: Rule): Rule => rule(changed(root, steps(outer), () => next));

function relisted(root: Rule, list: string, next: (parts: Rule[]) => Rule[]): Rule {
  return rule(changed(root, steps(list), (before) => next(rulesOf(before))));
}

/** The list that holds the parts of a group: `rule.all`. */
export const listOf = (node: Node): string => `${node.inner}.${node.group ?? "all"}`;

export function insert(root: Rule, list: string, n: number, added: Rule): Rule {
  return relisted(root, list, (parts) => [...parts.slice(0, n), added, ...parts.slice(n)]);
}

export function remove(root: Rule, outer: string): Rule {
  const [list, n] = place(outer);
  return relisted(root, list, (parts) => parts.filter((_, m) => m !== n));
}

export function duplicate(root: Rule, outer: string): Rule {
  const [list, n] = place(outer);
  return insert(root, list, n + 1, structuredClone(rule(at(root, steps(outer)))));
}

/** A group is put around it. */
export const wrap = (root: Rule, outer: string): Rule => replace(root, outer, { all: [rule(at(root, steps(outer)))] });

/** The parts of a group take its place. */
export function unwrap(root: Rule, outer: string): Rule {
  const [list, n] = place(outer);
  const { parts } = read(rule(at(root, steps(outer))), outer);
  return relisted(root, list, (before) => [...before.slice(0, n), ...parts, ...before.slice(n + 1)]);
}

export const regroup = (root: Rule, node: Node, kind: GroupKind, isNegated: boolean): Rule => {
  const group = { [kind]: node.parts };
  return node.outer === "rule"
    ? isNegated
      ? { not: group }
      : group
    : replace(root, node.outer, isNegated ? { not: group } : group);
};

/** One place up or down, into a group that lies next to it, out of its own at the end. `to` is where it stands now. */
export function move(root: Rule, outer: string, by: -1 | 1): { root: Rule; to: string } {
  const [list, n] = place(outer);
  const moved = rule(at(root, steps(outer)));
  const siblings = rulesOf(at(root, steps(list)));
  const next = siblings[n + by];
  if (next) {
    const beside = read(next, `${list}[${n + by}]`);
    if (!beside.group) {
      const swapped = relisted(root, list, (parts) => {
        const copy = [...parts];
        copy.splice(n, 1);
        copy.splice(n + by, 0, moved);
        return copy;
      });
      return { root: swapped, to: `${list}[${n + by}]` };
    }
    const into = listOf(beside);
    const m = by === 1 ? 0 : beside.parts.length;
    const without = remove(insert(root, into, m, moved), outer);
    return { root: without, to: by === 1 ? `${list}[${n}]${into.slice(beside.outer.length)}[0]` : `${into}[${m}]` };
  }
  return out(root, outer, moved, by);
}

function out(root: Rule, outer: string, moved: Rule, by: -1 | 1): { root: Rule; to: string } {
  const [list] = place(outer);
  const group = list.replace(/\.(all|any)$/, "").replace(/(\.not)+$/, "");
  if (group === "rule") return { root, to: outer };
  const [above, n] = place(group);
  const m = by === 1 ? n + 1 : n;
  return { root: insert(remove(root, outer), above, m, moved), to: `${above}[${m}]` };
}

/** How many conditions there are. */
export function countLeaves(root: Rule): number {
  const node = read(root, "rule");
  return node.group ? node.parts.reduce((n, part) => n + countLeaves(part), 0) : 1;
}

/** What is said of a place or of something in it that is no part of the tree itself. */
export function saidOf<T extends { at: string }>(said: T[], node: Node): T[] {
  return said.filter((one) => {
    if (one.at === node.inner || one.at === node.outer) return true;
    if (!one.at.startsWith(node.inner)) return false;
    const rest = one.at.slice(node.inner.length);
    return node.group ? rest === `.${node.group}` : /^[.[]/.test(rest);
  });
}
