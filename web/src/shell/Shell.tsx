import { IconDots, IconSearch, IconUserCircle } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { Link, Outlet, useNavigate } from "@tanstack/react-router";
import { lazy, type ReactNode, Suspense, useEffect, useState } from "react";
import { send } from "@/lib/api";
import { t } from "@/lib/i18n";
import { useShortcuts } from "@/lib/keys";
import { useLiveState } from "@/lib/live";
import { sessionQuery, useSession } from "@/lib/session";
import { Mark } from "@/ui/Mark";
import { Waiting } from "@/ui/State";
import { FIRST, usePlaces } from "./nav";
import { Toasts } from "./Toasts";

const Palette = lazy(() => import("./Palette"));
const Keys = lazy(() => import("./Keys"));

export function Shell() {
  const places = usePlaces();
  const navigate = useNavigate();
  const session = useSession();
  const [open, setOpen] = useState<"palette" | "keys" | null>(null);
  useShortcuts([
    { keys: "mod+k", label: t("app.palette"), run: () => setOpen("palette") },
    { keys: "/", label: t("app.palette"), run: () => setOpen("palette") },
    { keys: "?", label: t("app.keys"), run: () => setOpen("keys") },
    ...places.map((place) => ({ keys: place.go, label: t(place.key), run: () => void navigate({ to: place.to }) })),
  ]);
  useEffect(() => {
    if (!session || session.state === "signed_in") return;
    const here = location.pathname.replace(/^\/app/, "") + location.search;
    location.assign(`/app/sign-in?next=${encodeURIComponent(here)}`);
  }, [session]);
  return (
    <div className="shell">
      <a className="skip" href="#main">
        {t("app.skip")}
      </a>
      <nav className="side" aria-label={t("app.nav")}>
        <div className="brand">
          <img src="/app/icon.svg" width={24} height={24} alt="" />
          <span style={{ overflow: "hidden", textOverflow: "ellipsis", whiteSpace: "nowrap" }}>
            {session?.company || "Antiphon"}
          </span>
        </div>
        <button type="button" className="entry soft" onClick={() => setOpen("palette")}>
          <IconSearch size={18} aria-hidden /> {t("app.search")}
          <kbd style={{ marginInlineStart: "auto" }}>{/Mac/.test(navigator.platform) ? "⌘K" : "Ctrl K"}</kbd>
        </button>
        {places.map(({ to, key, Icon }) => (
          <Link key={to} to={to} activeOptions={{ exact: to === "/" }}>
            <Icon size={18} aria-hidden /> {t(key)}
          </Link>
        ))}
        <div style={{ marginTop: "auto", display: "grid", gap: 4 }}>
          <div style={{ padding: "4px 10px" }}>
            <LiveMark />
          </div>
          <Account />
        </div>
      </nav>
      <main className="main" id="main" tabIndex={-1} style={{ outline: "none" }}>
        <Suspense fallback={<Waiting rows={6} />}>
          <Outlet />
        </Suspense>
      </main>
      <nav className="bar" aria-label={t("app.nav")}>
        {FIRST.flatMap((to) => places.filter((place) => place.to === to)).map(({ to, key, Icon }) => (
          <Link key={to} to={to} activeOptions={{ exact: to === "/" }}>
            <Icon size={22} aria-hidden /> {t(key)}
          </Link>
        ))}
        <More onSearch={() => setOpen("palette")} />
      </nav>
      <Suspense>
        {open === "palette" && <Palette onClose={() => setOpen(null)} />}
        {open === "keys" && <Keys onClose={() => setOpen(null)} />}
      </Suspense>
      <Toasts />
    </div>
  );
}

function LiveMark() {
  const state = useLiveState();
  return (
    <span role="status">
      {state !== "off" && <Mark tone={state === "live" ? "good" : "warn"}>{t(`app.live.${state}`)}</Mark>}
    </span>
  );
}

function useLeave() {
  const client = useQueryClient();
  return async () => {
    await send("/api/v1/session", { method: "DELETE" });
    client.clear();
    await client.fetchQuery(sessionQuery);
    location.assign("/app/sign-in");
  };
}

/** A list that opens over the page. The browser closes it by itself: by Escape, and by a press anywhere else. */
function Sheet(props: { id: string; children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it only closes after what was chosen in it
    // biome-ignore lint/a11y/useKeyWithClickEvents: Enter on a link or button is a click
    <div
      id={props.id}
      popover="auto"
      className={`sheet ${props.id}`}
      onClick={(event) => event.currentTarget.hidePopover()}
    >
      {props.children}
    </div>
  );
}

function Account() {
  const session = useSession();
  const leave = useLeave();
  return (
    <>
      <button type="button" className="entry" popoverTarget="account">
        <IconUserCircle size={18} aria-hidden />
        <span style={{ overflow: "hidden", textOverflow: "ellipsis", whiteSpace: "nowrap" }}>
          {session?.colleague?.name}
        </span>
      </button>
      <Sheet id="account">
        <span className="soft">{session?.colleague?.email}</span>
        <Link to="/me">{t("app.me")}</Link>
        <button type="button" onClick={() => void leave()}>
          {t("app.sign_out")}
        </button>
      </Sheet>
    </>
  );
}

/** On a phone: everything that has no place in the bar. */
function More(props: { onSearch: () => void }) {
  const places = usePlaces().filter((place) => !FIRST.includes(place.to));
  const leave = useLeave();
  return (
    <>
      <button type="button" popoverTarget="more">
        <IconDots size={22} aria-hidden /> {t("app.more")}
      </button>
      <Sheet id="more">
        <button type="button" onClick={props.onSearch}>
          <IconSearch size={18} aria-hidden /> {t("app.search")}
        </button>
        {places.map(({ to, key, Icon }) => (
          <Link key={to} to={to}>
            <Icon size={18} aria-hidden /> {t(key)}
          </Link>
        ))}
        <Link to="/me">
          <IconUserCircle size={18} aria-hidden /> {t("app.me")}
        </Link>
        <button type="button" onClick={() => void leave()}>
          {t("app.sign_out")}
        </button>
      </Sheet>
    </>
  );
}
