import { say, t } from "@/lib/i18n";
import type { components } from "@/lib/schema";

export type Line = components["schemas"]["AuditLine"];

/** What can be done, by area: `AREA.VERB`, as the routes name it. A test compares them with the routes. */
export const ACTS: Record<string, string[]> = {
  accounts: ["change"],
  campaigns: ["cancel", "change", "copy", "create", "launch", "pause", "recall", "resume", "shift", "undo_shift"],
  "computed-traits": ["change", "delete"],
  identity: ["apply", "change"],
  imports: ["cancel", "change_mapping", "create", "start"],
  invitations: ["accept"],
  keys: ["create", "delete"],
  ladders: ["change", "create", "delete"],
  lists: ["change_members", "create", "delete_members"],
  me: [
    "change",
    "change_passkeys",
    "change_password",
    "change_totp",
    "create_passkeys",
    "create_passkeys_options",
    "create_recovery_codes",
    "delete_passkeys",
    "delete_sessions",
    "delete_totp",
    "totp",
  ],
  messages: [
    "archive",
    "change",
    "change_draft",
    "copy",
    "create",
    "delete",
    "delete_draft",
    "publish",
    "restore",
    "revert",
    "test",
  ],
  password: ["reset"],
  people: ["change_traits", "create", "create_identifiers", "create_suppress", "merge_preview", "restore"],
  profiles: [
    "apart",
    "change_preferences",
    "create_consents",
    "delete",
    "delete_accounts",
    "double_opt_in",
    "export",
    "merge",
    "preferences_link",
    "unmerge",
  ],
  providers: ["change", "check", "create", "disable", "enable", "test"],
  sandbox: ["clock", "create_faults", "enter"],
  segments: ["change_draft", "create", "delete", "delete_draft", "publish", "restore", "revert"],
  session: ["create", "delete", "passkey", "prove", "second_factor"],
  "sign-in-rule": ["change"],
  settings: ["change", "delete"],
  setup: ["create"],
  sso: ["callback", "change", "check", "delete"],
  staff: ["change", "create", "delete_second_factor", "delete_sessions", "delete_sso", "link"],
  topics: ["change", "delete"],
};

export const done = (act: string): string => say(`audit.${act}`, t("log.unknown", { act }));

export function actor(line: Line): string {
  if (line.actor_kind === "key") return t("log.actor.key_named", { name: line.actor });
  if (line.actor_kind === "command") return t("log.actor.command");
  return line.actor_kind === "nobody" ? t("log.actor.nobody") : line.actor;
}

export type Part = { text: string; to?: string };

/** `campaign:12 name:x` in words, with the way there where there is one. */
export function targets(target: string): Part[] {
  return [...target.matchAll(/(\w+):(.*?)(?= \w+:|$)/g)].map(([, kind = "", id = ""]) => {
    const text = say(`log.target.${kind}`, `${kind} {id}`, { id });
    const place = { campaign: "campaigns", profile: "people", segment: "segments", message: "messages" }[kind];
    return place && id ? { text, to: `/${place}/${encodeURIComponent(id)}` } : { text };
  });
}

/** What was asked, as far as it is kept: `name: Spring sale`. Of what is left out only that it was given. */
export const said = (detail: Line["detail"]): string =>
  Object.entries(detail)
    .filter(([, value]) => value !== "")
    .map(([name, value]) => (value === "…" || value === null ? name : `${name}: ${String(value)}`))
    .join(", ");
