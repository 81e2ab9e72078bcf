"""Who may see the staff pages, until there are people with names: this machine, or who has the link.

| asked from | answered when |
|---|---|
| this machine | `access.is_local`: a local `base_url`, no proxy between, and `Host` names this machine |
| elsewhere | the cookie that `/?token=…` set holds the link token |
"""

from __future__ import annotations

from antiphon import access
from antiphon.access import comes_from_our_pages, is_link_token
from antiphon.access.browser import Connection
from antiphon.kernel.errors import Forbidden, Unauthorised
from antiphon.kernel.runtime import Runtime

__all__ = ["comes_from_our_pages", "cookie_name", "is_link_token", "is_staff", "may_read"]


def cookie_name(runtime: Runtime) -> str:
    """`__Host-` as in `access.cookie_name`."""
    return "__Host-antiphon-staff" if runtime.base_url.startswith("https:") else "antiphon_staff"


def is_staff(connection: Connection, runtime: Runtime) -> bool:
    if access.is_local(connection, runtime):
        return True
    return is_link_token(connection.cookies.get(cookie_name(runtime), ""), runtime)


async def may_read(connection: Connection, runtime: Runtime) -> bool:
    """Staff, or a program with a key that may read."""
    if is_staff(connection, runtime):
        return True
    scheme, _, key = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return False
    try:
        await access.check(runtime.database, key.strip(), "read")
    except (Unauthorised, Forbidden):
        return False
    return True
