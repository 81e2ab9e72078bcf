import { useQuery } from "@tanstack/react-query";
import { api, ask } from "@/lib/api";
import { list } from "@/lib/format";
import { t } from "@/lib/i18n";
import { channelName } from "@/ui/Channel";
import { Autocomplete } from "@/ui/controls";
import { useComposing } from "./composer";
import { topicOf, write } from "./document";
import type { Fields } from "./liquid";

/** What people can want or not: one that there is, or a new word. */
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
      {note && <p className="soft small">{note}</p>}
    </div>
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
