"""Who may do what here.

`permit` is asked before every handler: a program comes with a key, a colleague with a session, and the permission that
the route names is in the key's scope or in the colleague's role, or it is refused.

API keys, kept as hashes. `create_key` shows a key once; `check` says whose it is, or raises Unauthorised or Forbidden;
`revoke` is in force in every process within five seconds. Scopes rise: `write` sends events in and reads nothing (it
stands in public web pages), `read` also reads, `admin` may do all.

Colleagues come in by password and code, passkey, single sign-on or a link (`invite`, `renew_link`). `open_session`
after a sign-in, `session_cookie` for the browser, `find_session` for every request, `prove` and `demand_proof` for what
is grave, `end` and `end_all` (which are in force with the next request).

The audit log: `record` before a change is made, `finish` when it is answered, `entering` and `entered` for sign-ins,
`note` from the command line.
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
from antiphon.access.second_factor import lacking as lacking_second_factor
from antiphon.access.second_factor import read as demanded_second_factor
from antiphon.access.second_factor import write as demand_second_factor
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
    "demand_second_factor",
    "demanded_second_factor",
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
    "lacking_second_factor",
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
