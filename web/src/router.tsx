import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
  useMatches,
} from "@tanstack/react-router";
import { type ComponentType, useLayoutEffect } from "react";
import { type File, loadWords } from "./lib/i18n";
import { queryClient } from "./lib/query";
import { sessionQuery } from "./lib/session";
import { wearFirst } from "./routes/access/wishes";
import { Broken } from "./shell/Broken";
import { Shell } from "./shell/Shell";

type Search = Record<string, unknown>;
const kept = (search: Search): Search => search;

/** The styles of a screen hold while it is open, in its dialogs too: `[data-screen~="people"]`. */
function Root() {
  const screen = useMatches({ select: (matches) => matches.at(-1)?.staticData.screen ?? "" });
  useLayoutEffect(() => {
    document.body.dataset.screen = screen;
  }, [screen]);
  return <Outlet />;
}

const root = createRootRoute({ validateSearch: kept, component: Root, errorComponent: Broken });

// Doors: pages for whoever is not signed in.
const door = <P extends string>(path: P, load: () => Promise<{ default: ComponentType }>) =>
  createRoute({
    getParentRoute: () => root,
    path,
    staticData: { screen: "access" },
    component: lazyRouteComponent(load),
  });

const inside = createRoute({
  getParentRoute: () => root,
  id: "inside",
  component: Shell,
  beforeLoad: async ({ location }) => {
    const session = await queryClient.ensureQueryData(sessionQuery);
    if (session.state === "setup") throw redirect({ href: "/app/welcome" });
    if (session.state !== "signed_in")
      throw redirect({ href: `/app/sign-in?next=${encodeURIComponent(location.href)}` });
    wearFirst(session.wishes ?? {});
  },
});

/** A screen: its code and its words come together, when it is first opened. */
const screen = <P extends string>(path: P, words: File | File[], load: () => Promise<{ default: ComponentType }>) =>
  createRoute({
    getParentRoute: () => inside,
    path,
    staticData: { screen: [words].flat().join(" ") },
    component: lazyRouteComponent(async () => (await Promise.all([load(), ...[words].flat().map(loadWords)]))[0]),
  });

const tree = root.addChildren([
  door("/sign-in", () => import("./routes/access/SignIn")),
  door("/welcome", () => import("./routes/access/Welcome")),
  door("/invitation", () => import("./routes/access/Invitation")),
  door("/password", () => import("./routes/access/Password")),
  inside.addChildren([
    screen("/", "home", () => import("./routes/home/Home")),
    screen("/people", "people", () => import("./routes/people/People")),
    screen("/people/import", "people", () => import("./routes/people/Import")),
    screen("/people/$who", "people", () => import("./routes/people/Person")),
    screen("/segments", "segments", () => import("./routes/segments/Segments")),
    screen("/segments/new", "segments", () => import("./routes/segments/New")),
    screen("/segments/$segment", "segments", () => import("./routes/segments/Segment")),
    screen("/messages", "messages", () => import("./routes/messages/Messages")),
    screen("/messages/$message", "messages", () => import("./routes/messages/Composer")),
    screen("/campaigns", "campaigns", () => import("./routes/campaigns/Campaigns")),
    screen("/campaigns/$campaign/plan", "campaigns", () => import("./routes/campaigns/Plan")),
    screen("/campaigns/$campaign", "campaigns", () => import("./routes/campaigns/Campaign")),
    screen("/settings", ["access", "settings"], () => import("./routes/settings/Settings")),
    screen("/settings/$page", ["access", "settings"], () => import("./routes/settings/Settings")),
    screen("/settings/$page/$item", ["access", "settings"], () => import("./routes/settings/Settings")),
    screen("/world", "world", () => import("./routes/world/World")),
    screen("/me", "access", () => import("./routes/access/Me")),
  ]),
]);

export const router = createRouter({
  routeTree: tree,
  basepath: "/app",
  defaultPreload: "intent",
  scrollRestoration: true,
  defaultErrorComponent: Broken,
  defaultNotFoundComponent: () => <Broken />,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
  interface StaticDataRouteOption {
    /** Whose styles hold there. */
    screen?: string;
  }
}
