"""docs/reference/permissions.md, from the routes, the roles and the scopes of keys:

python -m antiphon.app.permissions_page > docs/reference/permissions.md
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from litestar.handlers import HTTPRouteHandler

from antiphon.access.roles import MAY, ROLES, SCOPES_OF_KEYS
from antiphon.app.web import application
from antiphon.kernel.permissions import PERMISSIONS, Permission

HEAD = """\
# Permissions

Made from the code by `python -m antiphon.app.permissions_page`.

Every route names one permission. Colleagues have permissions by their role, programs by the
[scope of their key](../howto/api-keys.md). Who lacks one is answered 403, with its name and who has it; who is not
known is answered 401. `self` is about the account of whoever is signed in: every role has it, no key has. `enrol` is
the same, and also for who must set up a second factor before anything else.

## Who has which

"""
ROUTES = """\

## Which route needs which

`key` is the narrowest scope that will do; `–`: no key will, sign in.

"""
EVERYBODY = """\

## Open to everybody

These ask for no permission: some because customers and providers call them, some because nobody is signed in yet.

"""


def page() -> str:
    """Markdown."""
    everything = sorted({(path, method, permission) for method, path, permission in routes()})
    named = [(method, path, permission) for path, method, permission in everything if permission in PERMISSIONS]
    guarded = [(f"`{method} {path}`", permission) for method, path, permission in named if permission != "public"]
    public = [f"- `{method} {path}`" for method, path, permission in named if permission == "public"]
    words = [permission for permission in PERMISSIONS if permission != "public"]
    return (
        HEAD
        + _table(("permission", *ROLES, *(f"key: {scope}" for scope in SCOPES_OF_KEYS)), map(_holders, words))
        + ROUTES
        + _table(("route", "permission", "key", *ROLES), (_line(*one) for one in guarded))
        + EVERYBODY
        + "\n".join(public)
        + "\n"
    )


def routes() -> Iterator[tuple[str, str, str]]:
    """Method, path as `/api/v1/profiles/{who}`, permission; without what only the description of the API is."""
    for route in application(None).routes:
        for handler in getattr(route, "route_handlers", []):
            permission = handler.opt.get("permission")
            if isinstance(handler, HTTPRouteHandler) and permission is not None:
                path = re.sub(r"\{(\w+):\w+\}", r"{\1}", route.path)
                for method in handler.http_methods - {"OPTIONS", "HEAD"}:
                    yield str(method), path, permission


def narrowest_scope(permission: str) -> str | None:
    """None: no key has it."""
    return next((scope for scope, may in SCOPES_OF_KEYS.items() if permission in may), None)


def _holders(permission: Permission) -> Sequence[str]:
    return (f"`{permission}`", *_roles(permission), *(_mark(permission in may) for may in SCOPES_OF_KEYS.values()))


def _line(route: str, permission: Permission) -> Sequence[str]:
    return (route, f"`{permission}`", narrowest_scope(permission) or "–", *_roles(permission))


def _roles(permission: Permission) -> Iterator[str]:
    return (_mark(permission in MAY[role]) for role in ROLES)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return _told(head) + "|" + "---|" * len(head) + "\n" + "".join(map(_told, rows))


def _told(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |\n"


def _mark(has: bool) -> str:
    return "✓" if has else ""


if __name__ == "__main__":
    print(page(), end="")
