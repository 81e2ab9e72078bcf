"""What this part says. No record holds a clear key, password, code or link: each is shown once, when it is made."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, NewType

from msgspec import Struct

from antiphon.access.roles import Role
from antiphon.kernel.principal import ActorKind, Principal

KeyId = NewType("KeyId", int)
StaffId = NewType("StaffId", int)
SessionId = NewType("SessionId", int)

Scope = Literal["write", "read", "admin"]
"""Each may do what those before it may. `write` sends events in and reads nothing: it stands in public web pages."""

SCOPES: tuple[Scope, ...] = ("write", "read", "admin")

StaffState = Literal["invited", "active", "left"]
Factor = Literal["password", "totp", "recovery", "passkey", "sso"]


class Key(Struct, frozen=True):
    """`made_by`: `staff:12` or `command`; `maker`: the colleague's name. `used_at` is wall time. `per_second`: how many
    requests it may make; None: as many as it likes."""

    id: KeyId
    name: str
    scope: Scope
    created_at: datetime
    revoked_at: datetime | None = None
    made_by: str = ""
    maker: str | None = None
    used_at: datetime | None = None
    per_second: int | None = None


class Wishes(Struct, frozen=True, omit_defaults=True):
    """How the app looks for a colleague. `locale` None: as their browser says. `keys`: single-letter keys work."""

    locale: Literal["en", "es", "fr"] | None = None
    theme: Literal["light", "dark", "auto"] = "auto"
    keys: bool = True
    time_zone: str | None = None


class Colleague(Struct, frozen=True):
    """Somebody who works here. `second_factor`: a code or a passkey is asked for."""

    id: StaffId
    email: str
    name: str
    role: Role
    state: StaffState
    created_at: datetime
    seen_at: datetime | None = None
    has_password: bool = False
    has_totp: bool = False
    passkeys: int = 0
    wishes: Wishes = Wishes()


class Session(Struct, frozen=True):
    """A browser in which a colleague is signed in. `client` is such as `Firefox on Linux`. `waiting`: a second factor
    is still to come; `enrolling`: it must be set up first."""

    id: SessionId
    staff: StaffId
    factors: tuple[Factor, ...]
    waiting: bool
    client: str
    address: str
    created_at: datetime
    seen_at: datetime
    ends_at: datetime
    proved_at: datetime
    enrolling: bool = False


class Opened(Struct, frozen=True):
    """A new session and its token, which goes into the cookie and nowhere else."""

    session: Session
    token: str


Detail = Mapping[str, str | int | float | bool | None]


class AuditAct(Struct, frozen=True):
    """What somebody is about to do: `target` and `detail` hold no secret and no address of a person."""

    who: Principal
    act: str
    target: str = ""
    detail: Detail = {}
    address: str = ""


class AuditAsked(Struct, frozen=True):
    """Which lines: of one kind of actor, of one of them, of an act or an area, in `[since, until)`."""

    kind: str | None = None
    id: int | None = None
    act: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class AuditLine(Struct, frozen=True):
    """`status` is that of HTTP; null: it was cut off, and nobody knows here whether it was done."""

    id: str
    at: datetime
    actor_kind: ActorKind
    actor_id: str | None
    actor: str
    act: str
    target: str
    detail: dict[str, str | int | float | bool | None]
    address: str
    status: int | None
    session: str | None
