import { useNavigate, useSearch } from "@tanstack/react-router";
import { createContext, useCallback, useContext, useMemo } from "react";
import type { components } from "@/lib/schema";
import { CHANNELS, channelsOf, type Json, localesOf, mainLocale, prefixesOf, type Scope, variantsOf } from "./document";
import type { Fields } from "./liquid";

export type Finding = components["schemas"]["Finding"];
export type MessageView = components["schemas"]["MessageView"];
export type Change = (next: Json | ((before: Json) => Json), step?: string) => void;

/** What every part of the composer looks at. */
export type Composing = {
  document: Json;
  change: Change;
  scope: Scope;
  look: (at: Partial<Scope>) => void;
  fields: Fields | undefined;
  problems: Finding[];
  /** Whether it may only be looked at. */
  fixed: boolean;
  /** Leads to a place of the document, and puts the focus there. */
  jump: (at: string) => void;
};

const Context = createContext<Composing | null>(null);
export const ComposerProvider = Context.Provider;

export function useComposing(): Composing {
  const found = useContext(Context);
  if (!found) throw new Error("outside of the composer");
  return found;
}

type Search = Record<string, unknown>;

/** Which channel, language and variant is looked at: in the address, and always one that there is. */
export function useScope(document: Json): [Scope, (at: Partial<Scope>) => void] {
  const search: Search = useSearch({ strict: false });
  const navigate = useNavigate();
  const text = (name: string) => (typeof search[name] === "string" ? String(search[name]) : "");
  const [asked, language, version] = [text("channel"), text("locale"), text("variant")];
  const scope = useMemo((): Scope => {
    const locale = localesOf(document).includes(language) ? language : mainLocale(document);
    const channel = CHANNELS.find((one) => one === asked) ?? channelsOf(document)[0] ?? "email";
    return { channel, locale, variant: variantsOf(document).includes(version) ? version : "" };
  }, [document, asked, language, version]);
  const look = useCallback(
    (at: Partial<Scope>) =>
      void navigate({
        to: ".",
        replace: true,
        resetScroll: false,
        search: ((before: Search) => ({
          ...before,
          ...at,
          ...(at.variant === "" ? { variant: undefined } : {}),
        })) as never,
      }),
    [navigate],
  );
  return [scope, look];
}

/** What is wrong with a field of what is looked at: `subject`, `blocks[2].url`. */
export function useFindings(within: string): Finding[] {
  const { problems, scope } = useComposing();
  const places = prefixesOf(scope).map((prefix) => `${prefix}.${within}`);
  return problems.filter((one) => places.includes(one.at));
}
