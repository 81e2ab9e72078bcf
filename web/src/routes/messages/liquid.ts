import type { paths } from "@/lib/schema";

export type Fields = paths["/api/v1/messages/fields"]["get"]["responses"]["200"]["content"]["application/json"];
/** `insert` takes the place of what was typed from `from` on. */
export type Asked = { kind: "value" | "filter" | "tag" | "any"; from: number; query: string };
export type Choice = {
  key: string;
  kind: "value" | "filter" | "tag";
  label: string;
  example: string;
  help: string;
  share: number | null;
};

const MOST = 60;

/** What could be completed where the caret stands: `{{ profile.fi`, `{{ x | up`, `{% i`; null where nothing could. */
export function askedAt(text: string, caret: number): Asked | null {
  const before = text.slice(0, caret);
  const open = Math.max(before.lastIndexOf("{{"), before.lastIndexOf("{%"));
  if (open < 0) return null;
  const inner = before.slice(open + 2);
  if (/[}%]}|\n/.test(inner)) return null;
  if (before[open + 1] === "%") return askedInTag(inner, caret);
  const pipe = inner.lastIndexOf("|");
  const word = inner.slice(pipe + 1).trimStart();
  if (!/^[\w.[\]"'-]*$/.test(word)) return null;
  return { kind: pipe < 0 ? "value" : "filter", from: caret - word.length, query: word };
}

function askedInTag(inner: string, caret: number): Asked | null {
  const word = inner.trimStart();
  if (/^\w*$/.test(word)) return { kind: "tag", from: caret - word.length, query: word };
  const value = /(?:^|\s)(?:if|unless|elsif|case|in|and|or|=|==|!=|>|<|>=|<=)\s+([\w.]*)$/.exec(word);
  return value ? { kind: "value", from: caret - (value[1]?.length ?? 0), query: value[1] ?? "" } : null;
}

export function choicesOf(fields: Fields | undefined, kind: Asked["kind"], query: string): Choice[] {
  if (!fields) return [];
  const all: Choice[] = [];
  if (kind === "value" || kind === "any")
    for (const one of fields.variables)
      all.push({
        key: `value ${one.path}`,
        kind: "value",
        label: one.path,
        example: examples(one.examples),
        help: one.help,
        share: one.share,
      });
  if (kind === "filter" || kind === "any")
    for (const one of fields.filters)
      all.push({
        key: `filter ${one.name}`,
        kind: "filter",
        label: one.name,
        example: `${one.example} → ${one.result}`,
        help: one.help,
        share: null,
      });
  if (kind === "tag" || kind === "any")
    for (const one of fields.tags)
      all.push({
        key: `tag ${one.name}`,
        kind: "tag",
        label: one.name,
        example: one.example,
        help: one.help,
        share: null,
      });
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const found = all.filter((one) => words.every((word) => `${one.label} ${one.help}`.toLowerCase().includes(word)));
  const rank = (one: Choice) =>
    words[0] &&
    one.label
      .toLowerCase()
      .split(".")
      .some((part) => part.startsWith(words[0] ?? ""))
      ? 0
      : 1;
  return found.toSorted((a, b) => rank(a) - rank(b)).slice(0, MOST);
}

const examples = (values: unknown[]): string =>
  values
    .slice(0, 3)
    .map((value) => (typeof value === "string" ? value : JSON.stringify(value)))
    .join(", ");

/** The text with what was chosen in it, and where the caret stands then. */
export function completed(text: string, caret: number, asked: Asked, choice: Choice, fields: Fields): [string, number] {
  const rest = text.slice(caret);
  if (asked.kind === "any") return spliced(text, asked.from, rest, whole(choice, fields));
  if (choice.kind === "tag") {
    const open = text.lastIndexOf("{%", caret);
    const closed = rest.replace(/^\s*%}/, "");
    return spliced(text, open, closed, exampleOf(fields, choice));
  }
  const word = choice.kind === "filter" ? argued(choice, fields) : choice.label;
  const blank = /[\s.]$/.test(text.slice(0, asked.from)) ? "" : " ";
  const inTag = text.lastIndexOf("{%", asked.from) > text.lastIndexOf("{{", asked.from);
  const end = /^[^{]*?[}%]}/.test(rest) ? "" : inTag ? " %}" : " }}";
  return spliced(text, asked.from, rest, `${blank}${word}${end}`);
}

const spliced = (text: string, from: number, rest: string, put: string): [string, number] => [
  text.slice(0, from) + put + rest,
  from + put.length,
];

function whole(choice: Choice, fields: Fields): string {
  if (choice.kind === "tag") return exampleOf(fields, choice);
  if (choice.kind === "value") return `{{ ${choice.label} }}`;
  return `{{ ${fields.variables[0]?.path ?? "profile.first_name"} | ${argued(choice, fields)} }}`;
}

const exampleOf = (fields: Fields, choice: Choice): string =>
  fields.tags.find((one) => one.name === choice.label)?.example ?? `{% ${choice.label} %}`;

/** `append: '.png'` of the filter's example, so that what it takes stands there already. */
function argued(choice: Choice, fields: Fields): string {
  const example = fields.filters.find((one) => one.name === choice.label)?.example ?? "";
  const found = new RegExp(`\\|\\s*(${choice.label}(?::[^|}]*)?)`).exec(example);
  return found?.[1]?.trim() ?? choice.label;
}
