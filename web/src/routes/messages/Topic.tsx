import { useQuery } from "@tanstack/react-query";
import { api, ask } from "@/lib/api";
import { list } from "@/lib/format";
import { t } from "@/lib/i18n";
import { channelName } from "@/ui/Channel";
import { Autocomplete, Select } from "@/ui/controls";
import { useComposing } from "./composer";
import { topicOf, write } from "./document";
import type { Fields } from "./liquid";

/** What it is about, and whose face it has. A topic is one that there is, or a new word. */
export function Topic() {
  const { document, change, fields, problems, fixed } = useComposing();
  const topics = useTopics();
  const note = fields?.topic && topicOf(document) === fields.topic.name ? noteOf(fields.topic) : "";
  return (
    <div className="topic">
      <Autocomplete
        data-within="topic"
        label={t("messages.topic")}
        value={topicOf(document)}
        readOnly={fixed}
        data={topics}
        onChange={(topic) => change((before) => write(before, ["topic"], topic), "topic")}
        error={problems.find((one) => one.at === "topic")?.message}
      />
      <Brand />
      {note && <p className="soft small">{note}</p>}
    </div>
  );
}

/** Only where there is a choice; a brand that is gone is still named, with what is wrong. */
function Brand() {
  const { document, change, fields, problems, fixed } = useComposing();
  const chosen = typeof document.brand === "string" ? document.brand : "";
  const brands = (fields?.brands ?? []).map((one) => ({ value: one.key, label: one.name }));
  if (!brands.length && !chosen) return null;
  const known = brands.some((one) => one.value === chosen);
  return (
    <Select
      data-within="brand"
      label={t("messages.brand")}
      value={chosen}
      readOnly={fixed}
      allowDeselect={false}
      data={[
        { value: "", label: t("messages.brand.own") },
        ...brands,
        ...(chosen && !known ? [{ value: chosen, label: chosen }] : []),
      ]}
      onChange={(brand) => change((before) => write(before, ["brand"], brand || undefined), "brand")}
      error={problems.find((one) => one.at === "brand")?.message}
    />
  );
}

export function useTopics(): string[] {
  const query = useQuery({ queryKey: ["topics"], queryFn: () => ask(api.GET("/api/v1/topics")) });
  return (query.data?.topics ?? []).map((one) => one.name);
}

function noteOf(topic: NonNullable<Fields["topic"]>): string {
  const parts: string[] = [];
  if (!topic.is_known) parts.push(t("messages.topic.new"));
  if (topic.is_critical) parts.push(t("messages.topic.critical"));
  if (topic.needs === "consent") parts.push(t("messages.topic.consent"));
  if (topic.needs === "double_opt_in") parts.push(t("messages.topic.double"));
  if (topic.channels.length)
    parts.push(t("messages.topic.channels", { channels: list(topic.channels.map(channelName)) }));
  return parts.join(" ");
}
