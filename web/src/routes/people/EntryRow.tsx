import {
  IconActivity,
  IconAffiliate,
  IconChevronRight,
  IconEye,
  IconFingerprint,
  IconHandStop,
  IconMessageReply,
  IconSend,
} from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useId } from "react";
import { hour } from "@/lib/format";
import { say, t } from "@/lib/i18n";
import { Channel, channelName } from "@/ui/Channel";
import { Detail } from "./Detail";
import type { Entry } from "./people";

const ICONS = {
  event: IconActivity,
  receipt: IconEye,
  message: IconSend,
  inbound: IconMessageReply,
  consent: IconHandStop,
  segment: IconAffiliate,
  identity: IconFingerprint,
} as const;

/** One line of the timeline; what else is known of it opens below. */
export function EntryRow(props: { entry: Entry; open: boolean; onToggle: () => void }) {
  const { entry, open } = props;
  const id = useId();
  const Icon = ICONS[entry.kind];
  const beside = besideOf(entry);
  return (
    <div className="entry-line" data-open={open || undefined}>
      <button type="button" aria-expanded={open} aria-controls={id} onClick={props.onToggle}>
        <time className="soft num" dateTime={entry.at}>
          {hour(entry.at)}
        </time>
        <span className="sign">
          {entry.channel ? <Channel name={entry.channel} bare /> : <Icon size={16} aria-hidden />}
        </span>
        <span className="what">
          <b>{titleOf(entry)}</b>
          {beside && <span className="soft">{beside}</span>}
        </span>
        <IconChevronRight size={16} aria-hidden className="turn" />
      </button>
      <div id={id} hidden={!open} className="entry-detail">
        {open && <Detail entry={entry} />}
        {open && entry.link?.kind === "segment" && (
          <Link to="/segments/$segment" params={{ segment: entry.link.id }}>
            {t("people.entry.to_segment")}
          </Link>
        )}
      </div>
    </div>
  );
}

/** The sentence of an entry in the reader's language. */
export function titleOf(entry: Entry): string {
  const { values } = entry;
  const channel = values.channel === "*" ? t("people.every_channel") : channelName(values.channel ?? "");
  const topic = values.topic === "*" ? t("people.every_topic") : (values.topic ?? "");
  return say(`people.${entry.title_key}`, entry.title_key, { ...values, channel, topic });
}

/** What stands beside it in a few words: of what, why, what was written. */
function besideOf(entry: Entry): string {
  const { kind, values, detail = {} } = entry;
  if (kind === "message" || kind === "receipt") {
    const reason = values.reason ? say(`people.reason.${values.reason}`, values.reason) : "";
    return [values.source, reason].filter(Boolean).join(" · ");
  }
  if (kind === "inbound") return String(detail.text ?? "").slice(0, 200);
  if (kind === "segment") return say(`people.cause.${values.cause}`, "");
  if (kind === "event") {
    const properties = new Set(Object.values((detail.properties ?? {}) as Record<string, unknown>));
    return [...properties]
      .filter((value) => typeof value === "string" || typeof value === "number")
      .slice(0, 3)
      .join(" · ");
  }
  return "";
}
