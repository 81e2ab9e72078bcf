"""Keys of programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from cyclopts import App

from antiphon.app.commands.answers import say, tell
from antiphon.app.commands.context import current
from antiphon.app.commands.invocation import ask, change

if TYPE_CHECKING:
    from antiphon.access import Key, KeyId
    from antiphon.kernel.db import Transaction

app = App(name="keys", help="Keys of programs: made, listed, revoked.")
COLUMNS = ("id", "name", "scope", "per_second", "created_at", "revoked_at")


@app.command
def create(*, name: str, scope: Literal["write", "read", "admin"], per_second: int | None = None) -> None:
    """Make a key. This is the only time that it can be seen.

    Parameters
    ----------
    name
        What it is for.
    scope
        `write` sends events in and reads nothing, `read` also reads, `admin` may do all.
    per_second
        How many requests it may make; more are answered 429. Without it as many as it likes.
    """
    from antiphon import access

    number, key = change(lambda tx: access.create_key(tx, name, scope, per_second=per_second))
    if not current.get().json:
        say("Keep this key: it is shown only this once.")
    tell({"id": str(number), "key": key})


@app.command(name="list")
def list_all() -> None:
    """The keys there are, revoked ones too; never the keys themselves."""
    from antiphon import access

    async def read(tx: Transaction) -> list[dict[str, object]]:
        return [_view(key) for key in await access.list_keys(tx)]

    tell(ask(read), columns=COLUMNS)


@app.command
def revoke(key: str, /) -> None:
    """Make a key invalid, in every process within five seconds.

    Parameters
    ----------
    key
        Id or name.
    """
    from antiphon import access

    async def work(tx: Transaction) -> dict[str, object]:
        number = await _find(tx, key)
        await access.revoke(tx, number)
        return next(_view(each) for each in await access.list_keys(tx) if each.id == number)

    tell(change(work))


async def _find(tx: Transaction, id_or_name: str) -> KeyId:
    from antiphon import access
    from antiphon.kernel.errors import Conflict, NotFound

    keys = [key for key in await access.list_keys(tx) if key.revoked_at is None]
    found = [key for key in keys if str(key.id) == id_or_name] or [key for key in keys if key.name == id_or_name]
    if not found:
        raise NotFound(f"There is no valid key {id_or_name}.")
    if len(found) > 1:
        raise Conflict(f"{len(found)} keys are named {id_or_name}; give the id: {', '.join(str(k.id) for k in found)}.")
    return found[0].id


def _view(key: Key) -> dict[str, object]:
    return {
        "id": str(key.id),
        "name": key.name,
        "scope": key.scope,
        "per_second": key.per_second,
        "created_at": key.created_at,
        "revoked_at": key.revoked_at,
    }
