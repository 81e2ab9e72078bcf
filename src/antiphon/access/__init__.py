"""Who may do what here.

Built: API keys with a scope, kept as hashes. `create_key` shows a key once; `check` says whose it is, or raises
Unauthorised or Forbidden; `revoke` is in force in every process within five seconds. Scopes rise: `write` sends
events in and reads nothing (it stands in public web pages), `read` also reads, `admin` may do all.

Sessions of staff: `open_session` after a sign-in, `session_cookie` for the browser, `find_session` for every request,
`prove` and `demand_proof` for what is grave, `end` and `end_all` (which are in force with the next request).
Promised: staff, roles, single sign-on, audit.
"""

from antiphon.access.audit import finish, is_audited, note, record, trim
from antiphon.access.audit_entering import Entering, entered, entering
from antiphon.access.browser import (
    HSTS,
    NOTHING_RUNS,
    client_address,
    client_words,
    comes_from_our_pages,
    cookie_name,
    is_link_token,
    is_local,
    no_cookie,
    session_cookie,
    session_token,
)
from antiphon.access.guard import (
    demand,
    demand_fresh,
    demand_our_page,
    is_safe,
    permit,
    principal_of_session,
    signed_in,
    who_asks,
)
from antiphon.access.keys import check, close, create_key, list_keys, revoke
from antiphon.access.links import Made
from antiphon.access.records import Colleague, Factor, Key, KeyId, Opened, Scope, Session, SessionId, StaffId
from antiphon.access.sessions import (
    ProveAgain,
    demand_proof,
    end,
    end_all,
    find_session,
    list_sessions,
    open_session,
    prove,
)
from antiphon.access.setting_up import enter_as, needs_setup
from antiphon.access.signing_in import Browser
from antiphon.access.team import drop_second_factor, get_by_email, invite, list_everybody, renew_link

__all__ = [
    "HSTS",
    "NOTHING_RUNS",
    "Browser",
    "Colleague",
    "Entering",
    "Factor",
    "Key",
    "KeyId",
    "Made",
    "Opened",
    "ProveAgain",
    "Scope",
    "Session",
    "SessionId",
    "StaffId",
    "check",
    "client_address",
    "client_words",
    "close",
    "comes_from_our_pages",
    "cookie_name",
    "create_key",
    "demand",
    "demand_fresh",
    "demand_our_page",
    "demand_proof",
    "drop_second_factor",
    "end",
    "end_all",
    "enter_as",
    "entered",
    "entering",
    "find_session",
    "finish",
    "get_by_email",
    "invite",
    "is_audited",
    "is_link_token",
    "is_local",
    "is_safe",
    "list_everybody",
    "list_keys",
    "list_sessions",
    "needs_setup",
    "no_cookie",
    "note",
    "open_session",
    "permit",
    "principal_of_session",
    "prove",
    "record",
    "renew_link",
    "revoke",
    "session_cookie",
    "session_token",
    "signed_in",
    "trim",
    "who_asks",
]
