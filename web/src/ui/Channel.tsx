import { IconBell, IconMail, IconMessage, IconMessages, IconPhone } from "@tabler/icons-react";
import { say } from "@/lib/i18n";

const ICONS = { email: IconMail, sms: IconMessage, push: IconBell, chat: IconMessages, voice: IconPhone } as const;

/** A channel by its sign, colour and name: never by colour alone. */
export function Channel(props: { name: string; bare?: boolean }) {
  const Icon = ICONS[props.name as keyof typeof ICONS] ?? IconMessages;
  const label = say(`app.channel.${props.name}`, props.name);
  return (
    <span style={{ display: "inline-flex", alignItems: "center", gap: 6, whiteSpace: "nowrap" }}>
      <Icon
        size={16}
        color={channelColour(props.name)}
        aria-hidden={!props.bare}
        aria-label={props.bare ? label : undefined}
        role={props.bare ? "img" : undefined}
      />
      {!props.bare && label}
    </span>
  );
}

export const channelColour = (name: string): string => `var(--channel-${name in ICONS ? name : "chat"})`;
export const channelName = (name: string): string => say(`app.channel.${name}`, name);
