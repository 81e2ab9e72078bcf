"""What the API tells of colleagues, sessions and links. Ids are strings, times are wall time."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

from antiphon.access.links import Made
from antiphon.access.records import Colleague, Factor, Session, StaffState, Wishes
from antiphon.access.roles import MAY, Role
from antiphon.kernel.permissions import PERMISSIONS, Permission


class WishesView(Struct):
    locale: Literal["en", "es", "fr"] | None
    theme: Literal["light", "dark", "auto"]
    keys: bool
    time_zone: str | None


class ColleagueView(Struct):
    """`has_totp`: after the password a code is asked for. `passkeys`: how many."""

    id: str
    email: str
    name: str
    role: Role
    state: StaffState
    created_at: datetime
    seen_at: datetime | None
    has_password: bool
    has_totp: bool
    passkeys: int


class MeView(Struct):
    """`proofs`: with what a grave act may be proved. `recovery_codes`: how many are left. `needs_second_factor`: one is
    demanded of you, and the last cannot be taken away."""

    colleague: ColleagueView
    wishes: WishesView
    proofs: list[Factor]
    recovery_codes: int
    needs_second_factor: bool


class SessionView(Struct):
    """`current`: the browser that asks."""

    id: str
    client: str
    address: str
    factors: list[Factor]
    created_at: datetime
    seen_at: datetime
    ends_at: datetime
    current: bool


class LinkView(Struct):
    """Shown this once: hand it to your colleague yourself."""

    url: str
    kind: Literal["invitation", "password"]
    ends_at: datetime


def wishes_view(wishes: Wishes) -> WishesView:
    return WishesView(wishes.locale, wishes.theme, wishes.keys, wishes.time_zone)


def colleague_view(who: Colleague) -> ColleagueView:
    return ColleagueView(
        str(who.id), who.email, who.name, who.role, who.state, who.created_at, who.seen_at,
        who.has_password, who.has_totp, who.passkeys,
    )  # fmt: skip


def session_view(session: Session, *, current: Session) -> SessionView:
    return SessionView(
        str(session.id), session.client, session.address, list(session.factors), session.created_at, session.seen_at,
        session.ends_at, session.id == current.id,
    )  # fmt: skip


def link_view(made: Made) -> LinkView:
    return LinkView(made.url, made.kind, made.ends_at)


def proofs_of(who: Colleague) -> list[Factor]:
    """What may be asked for before a grave act."""
    found: list[Factor] = ["password"] if who.has_password else []
    if not who.has_password and who.has_totp:
        found += ["totp", "recovery"]
    return [*found, "passkey"] if who.passkeys else found


def second_factors_of(who: Colleague) -> list[Factor]:
    """What stands in for the step after the password."""
    found: list[Factor] = ["totp", "recovery"] if who.has_totp else []
    return [*found, "passkey"] if who.passkeys else found


def permissions_of(role: Role, *, sandbox: bool) -> list[Permission]:
    return [name for name in PERMISSIONS if name in MAY[role] and (sandbox or name != "sandbox")]
