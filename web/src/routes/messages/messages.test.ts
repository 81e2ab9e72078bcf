import { describe, expect, it } from "vitest";
import { differences } from "./difference";
import { addVariant, differs, dropVariant, forget, formOf, type Json, type Scope, setField, shownAt } from "./document";
import { askedAt, completed, type Fields } from "./liquid";
import { piecesOf, plain } from "./sms";
import { outOfEmail } from "./starting";

const BASE: Json = {
  name: "coupon",
  topic: "coupons",
  locales: { en: { email: { subject: "For you", preheader: "Now" }, sms: { text: "Hello" } } },
};
const IN_B: Scope = { channel: "email", locale: "en", variant: "b" };
const FIELDS = {
  variables: [{ path: "profile.first_name" }],
  filters: [{ name: "append", example: "{{ 'spring' | append: '.png' }}" }],
  tags: [{ name: "if", example: "{% if profile.tier %}…{% endif %}" }],
} as unknown as Fields;

describe("a variant", () => {
  it("holds only what it says otherwise, and nothing once it says the same again", () => {
    const [begun, name] = addVariant(BASE);
    expect(name).toBe("b");
    const other = setField(begun, IN_B, "subject", "Today");
    expect(other.variants).toEqual({ b: { en: { email: { subject: "Today" } } } });
    expect(formOf(other, IN_B)).toEqual({ subject: "Today", preheader: "Now" });
    expect(differs(other, IN_B, "subject")).toBe(true);
    expect(setField(other, IN_B, "subject", "For you").variants).toEqual({ b: {} });
    expect(forget(other, IN_B, "subject").variants).toEqual({ b: {} });
    expect(dropVariant(other, "b")).toEqual(BASE);
  });

  it("can leave out what the base has", () => {
    const without = setField(addVariant(BASE)[0], IN_B, "preheader", undefined);
    expect(without.variants).toEqual({ b: { en: { email: { preheader: null } } } });
    expect(formOf(without, IN_B)).toEqual({ subject: "For you" });
  });

  it("leaves the base as it was, and in its order", () => {
    const after = setField(BASE, { ...IN_B, variant: "" }, "subject", "New");
    expect(Object.keys(formOf(after, { ...IN_B, variant: "" }) ?? {})).toEqual(["subject", "preheader"]);
    expect(formOf(BASE, { ...IN_B, variant: "" })?.subject).toBe("For you");
  });
});

describe("a place", () => {
  it("is shown where its form is", () => {
    expect(shownAt("variants.b.es.email.blocks[2].url")).toEqual({
      scope: { variant: "b", locale: "es", channel: "email" },
      within: "blocks[2].url",
    });
    expect(shownAt("topic")).toEqual({ within: "topic" });
  });
});

describe("a difference", () => {
  it("is one, where a block was put between others", () => {
    const heading = { kind: "heading", text: "A" };
    const divider = { kind: "divider" };
    const after = { blocks: [heading, { kind: "text", text: "New" }, divider] };
    expect(differences({ blocks: [heading, divider] }, after)).toEqual([
      { at: "blocks[1]", before: undefined, after: "New" },
    ]);
  });

  it("names the field of a block that was changed, and not the message's name", () => {
    const before = { name: "a", blocks: [{ kind: "text", text: "Old" }] };
    const after = { name: "b", blocks: [{ kind: "text", text: "New" }] };
    expect(differences(before, after)).toEqual([{ at: "blocks[0].text", before: "Old", after: "New" }]);
  });
});

describe("what could stand at the caret", () => {
  const asked = (text: string) => askedAt(text, text.length);
  it("is a value after {{, a filter after |, a tag after {%, a value in a condition", () => {
    expect(asked("Hi {{ profile.fi")).toEqual({ kind: "value", from: 6, query: "profile.fi" });
    expect(asked("{{ a | up")).toEqual({ kind: "filter", from: 7, query: "up" });
    expect(asked("{% i")).toEqual({ kind: "tag", from: 3, query: "i" });
    expect(asked("{% if pro")).toEqual({ kind: "value", from: 6, query: "pro" });
  });

  it("is nothing in plain words, behind the end, and among a filter's own words", () => {
    for (const text of ["Hello", "{{ a }} b", "{{ a | default: 'x y"]) expect(asked(text)).toBeNull();
  });

  it("is put in whole, once, and closed where it is not", () => {
    const put = (before: string, rest: string, kind: "value" | "filter" | "tag", label: string) => {
      const found = askedAt(before + rest, before.length);
      if (!found) throw new Error("nothing is asked");
      const choice = { key: label, kind, label, example: "", help: "", share: null };
      return completed(before + rest, before.length, found, choice, FIELDS)[0];
    };
    expect(put("Hi {{ fir", "", "value", "profile.first_name")).toBe("Hi {{ profile.first_name }}");
    expect(put("{{fir", " }}!", "value", "profile.first_name")).toBe("{{ profile.first_name }}!");
    expect(put("{{ a | ap", " }}", "filter", "append")).toBe("{{ a | append: '.png' }}");
    expect(put("{% i", "", "tag", "if")).toBe("{% if profile.tier %}…{% endif %}");
  });
});

describe("an SMS", () => {
  it("is cut at the characters that cost, counted as browsers count", () => {
    const unusual = [{ at: 3, character: "“", instead: '"' }];
    expect(piecesOf({ text: "😀 “a", unusual, encoding: "UCS-2" }, "€")).toEqual([
      { text: "😀 " },
      { text: "“", costs: "wide", instead: '"' },
      { text: "a" },
    ]);
    expect(piecesOf({ text: "5 €", unusual: [], encoding: "GSM-7" }, "€")).toEqual([
      { text: "5 " },
      { text: "€", costs: "double" },
    ]);
  });

  it("becomes plain in its words, and not in its Liquid", () => {
    const unusual = [{ at: 0, character: "’", instead: "'" }];
    expect(plain("It’s {{ a | default: ’x’ }}", { unusual })).toBe("It's {{ a | default: ’x’ }}");
  });

  it("begins with what the e-mail says", () => {
    const blocks = [
      { kind: "heading", text: "20 % off" },
      { kind: "text", text: "Until Sunday. Really." },
      { kind: "button", label: "Go", url: "https://shop.example" },
    ];
    expect(outOfEmail("sms", { subject: "For you", blocks })).toEqual({ text: "20 % off https://shop.example" });
    expect(outOfEmail("push", { blocks })).toEqual({
      title: "20 % off",
      body: "Until Sunday.",
      url: "https://shop.example",
    });
  });
});
