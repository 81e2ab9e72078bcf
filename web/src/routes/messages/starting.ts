import { blocksOf, type Json, textOf } from "./document";

const SENTENCE = /^.*?[.!?…](?=\s|$)/s;
const PUSH_CHARS = 140;

/** A first text for a channel out of the e-mail that there is: enough to go on from. */
export function outOfEmail(channel: string, email: Json): Json {
  const blocks = blocksOf(email);
  const words = (kind: string, field: string) =>
    textOf(
      blocks.find((block) => block.kind === kind),
      field,
    );
  const said = words("heading", "text") || textOf(email, "subject");
  const first =
    words("text", "text")
      .split(/\n\s*\n/)[0]
      ?.trim() ?? "";
  const url = words("button", "url");
  const sentence = SENTENCE.exec(first)?.[0] ?? first;
  if (channel === "push")
    return { title: said, body: sentence.length > PUSH_CHARS ? "" : sentence, ...(url && { url }) };
  return { text: [said, url].filter(Boolean).join(" ") };
}

export function emptyForm(channel: string): Json {
  if (channel === "email") return { subject: "", blocks: [] };
  return channel === "sms" ? { text: "" } : { title: "", body: "" };
}
