import {
  IconAffiliate,
  IconHome,
  IconMessage2,
  IconSend,
  IconSettings,
  IconUsers,
  IconWorld,
} from "@tabler/icons-react";
import type { Key } from "@/lib/i18n";
import { useSession } from "@/lib/session";

export type Place = { to: string; key: Key; Icon: typeof IconHome; needs: string; go: string };

const PLACES: Place[] = [
  { to: "/", key: "app.nav.home", Icon: IconHome, needs: "campaigns.read", go: "g h" },
  { to: "/people", key: "app.nav.people", Icon: IconUsers, needs: "people.read", go: "g p" },
  { to: "/segments", key: "app.nav.segments", Icon: IconAffiliate, needs: "segments.read", go: "g s" },
  { to: "/messages", key: "app.nav.messages", Icon: IconMessage2, needs: "messages.read", go: "g m" },
  { to: "/campaigns", key: "app.nav.campaigns", Icon: IconSend, needs: "campaigns.read", go: "g c" },
  { to: "/world", key: "app.nav.world", Icon: IconWorld, needs: "sandbox", go: "g w" },
  { to: "/settings", key: "app.nav.settings", Icon: IconSettings, needs: "self", go: "g ," },
];

/** On a phone these stand at the bottom, all others under "More". */
export const FIRST = ["/", "/people", "/campaigns", "/messages"];

/** Where whoever is signed in may go. The world is there in the sandbox alone. */
export function usePlaces(): Place[] {
  const session = useSession();
  return PLACES.filter(
    (place) => session?.permissions.includes(place.needs) && (place.to !== "/world" || session.sandbox),
  );
}
