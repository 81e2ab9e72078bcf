"""Colleagues, for whoever has the server: the first one, and who is locked out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from cyclopts import App

from antiphon.app.commands.answers import say, tell
from antiphon.app.commands.context import current
from antiphon.app.commands.invocation import ask, change
from antiphon.kernel.principal import Principal

if TYPE_CHECKING:
    from antiphon.access import Colleague, Made
    from antiphon.kernel.db import Transaction

app = App(name="staff", help="Colleagues: who there is, inviting, links for who is locked out.")
COLUMNS = ("id", "email", "name", "role", "state", "second_factor", "seen_at")
COMMAND = Principal("command", None, "antiphon staff", frozenset())
BASE_URL = "http://127.0.0.1:8080"


@app.command(name="list")
def list_all() -> None:
    """Everybody, also who has left."""
    from antiphon import access

    async def read(tx: Transaction) -> list[dict[str, object]]:
        return [_view(one) for one in await access.list_everybody(tx)]

    tell(ask(read), columns=COLUMNS)


@app.command
def add(
    email: str,
    /,
    *,
    role: Literal["owner", "manager", "marketer", "agent", "analyst", "developer"],
    name: str = "",
    base_url: str = BASE_URL,
) -> None:
    """Invite a colleague, or make the first owner. The link is shown this once.

    Parameters
    ----------
    email
        What they sign in with.
    role
        What they may do.
    name
        How they are called. Default: what stands before the `@`; they may change it.
    base_url
        The address at which the app is open, for the link.
    """
    from antiphon import access

    async def work(tx: Transaction) -> tuple[Colleague, Made]:
        made = await access.invite(tx, email=email, name=name, role=role, giver=None, base_url=base_url.rstrip("/"))
        return made.colleague, made.link

    _tell_link(*change(work))


@app.command
def link(email: str, /, *, without_second_factor: bool = False, base_url: str = BASE_URL) -> None:
    """A link with which a colleague chooses a new password. It is shown this once; those made before end.

    Parameters
    ----------
    email
        Of the colleague.
    without_second_factor
        For who has lost the phone and the recovery codes: codes and passkeys are gone, and every session ends.
    base_url
        The address at which the app is open, for the link.
    """
    from antiphon import access

    async def work(tx: Transaction) -> tuple[Colleague, Made]:
        who = await access.get_by_email(tx, email)
        if without_second_factor:
            await access.drop_second_factor(tx, who.id, giver=None)
        return who, await access.renew_link(tx, who.id, giver=None, base_url=base_url.rstrip("/"))

    _tell_link(*change(work))


@app.command(name="second-factor")
def second_factor(of: Literal["optional", "admins", "everybody"] | None = None, /) -> None:
    """Of whom a second factor is demanded at each sign-in with a password; without a word, shows it.

    Parameters
    ----------
    of
        `optional`: of nobody. `admins`: of owners, managers and developers. `everybody`.
    """
    from antiphon import access

    async def read(tx: Transaction) -> dict[str, object]:
        lacking = await access.lacking_second_factor(tx)
        demanded = await access.demanded_second_factor(tx)
        return {"second_factor": demanded, "admins_without": lacking.admins, "everybody_without": lacking.everybody}

    async def work(tx: Transaction) -> dict[str, object]:
        assert of is not None
        await access.demand_second_factor(tx, of)
        await access.note(tx, "sign-in-rule.change", who=COMMAND, detail={"second_factor": of})
        return await read(tx)

    tell(ask(read) if of is None else change(work))


def _tell_link(who: Colleague, made: Made) -> None:
    if not current.get().json:
        say(f"Give this link to {who.name}: it works once, until {made.ends_at:%-d %B %Y, %H:%M} UTC.")
    tell({"id": str(who.id), "email": who.email, "role": who.role, "url": made.url, "ends_at": made.ends_at})


def _view(who: Colleague) -> dict[str, object]:
    return {
        "id": str(who.id),
        "email": who.email,
        "name": who.name,
        "role": who.role,
        "state": who.state,
        "second_factor": who.has_totp,
        "passkeys": who.passkeys,
        "seen_at": who.seen_at,
    }
