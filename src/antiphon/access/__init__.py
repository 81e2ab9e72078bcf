"""Who may do what here.

Built: API keys with a scope, kept as hashes. `create_key` shows a key once; `check` says whose it is, or raises
Unauthorised or Forbidden; `revoke` is in force in every process within five seconds. Scopes rise: `write` sends
events in and reads nothing (it stands in public web pages), `read` also reads, `admin` may do all.

Sessions of staff: `open_session` after a sign-in, `session_cookie` for the browser, `find_session` for every request,
`prove` and `demand_proof` for what is grave, `end` and `end_all` (which are in force with the next request).
Promised: staff, roles, single sign-on, audit.
"""

from antiphon.access.audit import finish, note, record, trim
from antiphon.access.browser import (
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

__all__ = [
    "Colleague",
    "Factor",
    "Key",
    "KeyId",
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
    "end",
    "end_all",
    "find_session",
    "finish",
    "is_link_token",
    "is_local",
    "is_safe",
    "list_keys",
    "list_sessions",
    "no_cookie",
    "note",
    "open_session",
    "permit",
    "principal_of_session",
    "prove",
    "record",
    "revoke",
    "session_cookie",
    "session_token",
    "signed_in",
    "trim",
    "who_asks",
]
