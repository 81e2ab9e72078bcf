import {
  IconBroadcast,
  IconBug,
  IconBuilding,
  IconClockPause,
  IconDatabase,
  IconHandStop,
  IconHeartbeat,
  IconHistory,
  IconKey,
  IconLock,
  IconMessageReply,
  IconRoute,
  IconTags,
  IconUsersGroup,
} from "@tabler/icons-react";
import type { Key } from "@/lib/i18n";
import { useSession } from "@/lib/session";

export type SettingsPage = { name: string; title: Key; about: Key; needs: string; Icon: typeof IconKey };
export type Section = { title: Key; pages: SettingsPage[] };

/** Pages that are groups of the form, and those that have a screen of their own. */
const SECTIONS: Section[] = [
  {
    title: "settings.section.company",
    pages: [
      group("brand", IconBuilding),
      group("quiet", IconClockPause),
      group("limits", IconHandStop),
      group("routing", IconRoute),
      group("replies", IconMessageReply),
      group("data", IconDatabase),
    ],
  },
  {
    title: "settings.section.channels",
    pages: [
      own("providers", "providers.read", IconBroadcast),
      own("topics", "settings.read", IconTags),
      own("debugger", "developer.read", IconBug),
      own("health", "settings.read", IconHeartbeat),
    ],
  },
  {
    title: "settings.section.team",
    pages: [
      own("team", "team.read", IconUsersGroup),
      own("sso", "team.read", IconLock),
      own("keys", "developer.read", IconKey),
      own("audit", "audit.read", IconHistory),
    ],
  },
];

type Group = "brand" | "quiet" | "limits" | "routing" | "replies" | "data";
type Own = "providers" | "topics" | "debugger" | "health" | "team" | "sso" | "keys" | "audit";

function group(name: Group, Icon: typeof IconKey): SettingsPage {
  return {
    name,
    title: `setting-group.${name}.title`,
    about: `setting-group.${name}.help`,
    needs: "settings.read",
    Icon,
  };
}

function own(name: Own, needs: string, Icon: typeof IconKey): SettingsPage {
  return { name, title: `settings.${name}`, about: `settings.${name}.about`, needs, Icon };
}

/** What whoever is signed in may open, by section. */
export function useSections(): Section[] {
  const may = useSession()?.permissions ?? [];
  return SECTIONS.map((section) => ({
    ...section,
    pages: section.pages.filter((page) => may.includes(page.needs)),
  })).filter((section) => section.pages.length > 0);
}

export const isGroup = (name: string): boolean => SECTIONS[0]?.pages.some((page) => page.name === name) ?? false;
export const pageNamed = (name: string): SettingsPage | undefined =>
  SECTIONS.flatMap((section) => section.pages).find((page) => page.name === name);
