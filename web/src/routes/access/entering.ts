import { queryClient } from "@/lib/query";
import { type Session, sessionQuery } from "@/lib/session";
import { wear } from "./wishes";

let leaving = false;
const DOORS = /^\/app\/(sign-in|welcome|invitation|password)(\/|$)/;

/** Where to go after signing in: only within the app, never back to a door. */
export function next(search: string = location.search): string {
  const wanted = new URLSearchParams(search).get("next") ?? "/";
  if (!/^\/(?![/\\])[\x20-\x7e]*$/.test(wanted)) return "/app/";
  const url = new URL(`/app${wanted.replace(/^\/app(?=\/|$)/, "") || "/"}`, location.origin);
  const inside =
    url.origin === location.origin && url.pathname.startsWith("/app/") && !url.pathname.startsWith("/app//");
  return inside && !DOORS.test(url.pathname) ? url.pathname + url.search + url.hash : "/app/";
}

/** After an answer that may have signed somebody in: into the app, or on to the step that is asked for. */
export function admit(session: Session): void {
  if (leaving) return; // two ways in may be done at once, such as a passkey that the browser offered
  if (session.state === "signed_in") {
    leaving = true;
    if (session.wishes) wear(session.wishes);
    location.replace(next());
    return;
  }
  queryClient.setQueryData(sessionQuery.queryKey, session);
  if (!location.pathname.endsWith("/sign-in")) location.replace("/app/sign-in");
}
