import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { t } from "@/lib/i18n";
import { channelName } from "@/ui/Channel";
import { Anchor, SegmentedControl, Select } from "@/ui/controls";
import { useMessage, useMessages, useReach } from "./data";
import type { StepProps } from "./Editor";
import { MessagePreview } from "./MessagePreview";

/** What is said, and how it looks to a real person of the audience. */
export default function MessageStep({ plan, change, flaw }: StepProps) {
  const messages = useMessages();
  const found = messages.data?.messages ?? [];
  const names = found.map((one) => one.name);
  const chosen = useMessage(plan.message);
  const pick = (name: string | null) => {
    const message = found.find((one) => one.name === name);
    if (!message) return;
    const kept = plan.channels.filter((channel) => message.channels.includes(channel));
    change({ message: message.name, channels: kept.length ? kept : message.channels });
  };
  return (
    <div className="fields">
      <Select
        label={t("campaigns.message")}
        placeholder={t("campaigns.message.pick")}
        data={plan.message && !names.includes(plan.message) ? [plan.message, ...names] : names}
        value={plan.message || null}
        onChange={pick}
        searchable
        allowDeselect={false}
        nothingFoundMessage={t("campaigns.message.none")}
        error={flaw("message")}
        inputWrapperOrder={["label", "input", "description", "error"]}
        description={
          chosen ? (
            <Anchor component={Link} to={`/messages/${chosen.id}`} size="xs">
              {t("campaigns.message.open")}
            </Anchor>
          ) : (
            <Anchor component={Link} to="/messages/new" size="xs">
              {t("campaigns.message.new")}
            </Anchor>
          )
        }
      />
      {chosen && (
        <Looks
          id={chosen.id}
          channels={chosen.channels}
          segment={plan.segment}
          exclude={plan.exclude}
          key={chosen.id}
        />
      )}
    </div>
  );
}

function Looks(props: { id: string; channels: string[]; segment: string; exclude: string[] }) {
  const [channel, setChannel] = useState(props.channels[0] ?? "email");
  const reach = useReach(props);
  const people = (reach.data?.sample ?? []).filter((one) => one.external_id);
  const [who, setWho] = useState<string | null>(null);
  const as = who ?? people[0]?.external_id ?? null;
  return (
    <section className="inset" aria-label={t("campaigns.preview")}>
      <div className="two" style={{ marginBottom: 12, alignItems: "end" }}>
        <SegmentedControl
          aria-label={t("campaigns.channel")}
          value={channel}
          onChange={setChannel}
          data={props.channels.map((value) => ({ value, label: channelName(value) }))}
        />
        {people.length > 0 && (
          <Select
            label={t("campaigns.preview.as")}
            data={people.map((one) => ({ value: one.external_id ?? "", label: one.name ?? one.external_id ?? "" }))}
            value={as}
            onChange={setWho}
            allowDeselect={false}
          />
        )}
      </div>
      <MessagePreview message={props.id} channel={channel} as={as === null ? null : `external_id:${as}`} />
    </section>
  );
}
