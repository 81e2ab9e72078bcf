"""Who may do what here.

Built: API keys with a scope, kept as hashes. `create_key` shows a key once; `check` says whose it is, or raises
Unauthorised or Forbidden; `revoke` is in force in every process within five seconds. Scopes rise: `write` sends
events in and reads nothing (it stands in public web pages), `read` also reads, `admin` may do all.
Promised: staff, roles, sessions, single sign-on, audit.
"""

from antiphon.access.keys import check, create_key, list_keys, revoke
from antiphon.access.records import Key, KeyId, Scope

__all__ = ["Key", "KeyId", "Scope", "check", "create_key", "list_keys", "revoke"]
