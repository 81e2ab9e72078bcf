"""What is said of single sign-on. A client's secret goes in and never comes out."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

from antiphon.access.records import StaffId
from antiphon.access.roles import Role

Counted = Literal["assumed", "told"]

SignInProblem = Literal[
    "unknown_provider",
    "expired",
    "other_browser",
    "denied",
    "provider",
    "token",
    "email",
    "domain",
    "not_invited",
    "other_subject",
    "left",
]
"""Why a sign-in came to nothing, in `/app/sign-in?problem=…`."""


class Refused(Exception):
    """This sign-in comes to nothing. `why` is told to who tried, `detail` to the log."""

    def __init__(self, why: SignInProblem, detail: str = "") -> None:
        self.why = why
        self.detail = detail
        super().__init__(f"{why}: {detail}")


class Provider(Struct, frozen=True):
    """`trusted`: its word on addresses in `domains` counts without `email_verified`. `role`: of whom it brings for the
    first time; None: only who was invited comes in. `second_factor`, `acr`: see `strength`."""

    name: str
    title: str
    issuer: str
    client_id: str
    secret: str
    domains: tuple[str, ...]
    role: Role | None
    enabled: bool
    trusted: bool
    second_factor: Counted = "assumed"
    acr: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Provider({self.name!r})"


class ProviderSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`secret` left out: as it was. `second_factor`: whether a sign-in there counts as two factors always (`assumed`)
    or only where its token says so (`told`), by `amr` or by one of `acr`, which are also asked for."""

    title: str
    issuer: str
    client_id: str
    secret: str | None = None
    domains: list[str] = []
    role: Role | None = None
    enabled: bool = True
    trusted: bool = False
    second_factor: Counted = "assumed"
    acr: list[str] = []


class ProviderView(Struct, frozen=True):
    """`callback` and `logout` are typed in at the provider."""

    name: str
    title: str
    issuer: str
    client_id: str
    domains: list[str]
    role: Role | None
    enabled: bool
    trusted: bool
    second_factor: Counted
    acr: list[str]
    callback: str
    logout: str


class Check(Struct, frozen=True):
    """`problems` say what to change; with none, everything that can be looked at without a sign-in is right."""

    works: bool
    problems: list[str]


class Told(Struct, frozen=True):
    """How a provider asked, as far as it says: level, methods, and when."""

    acr: str = ""
    amr: tuple[str, ...] = ()
    at: datetime | None = None


class Claims(Struct, frozen=True):
    """What a provider says of who signed in. `email` None: it said none."""

    subject: str
    email: str | None = None
    email_verified: bool = False
    name: str = ""
    told: Told = Told()


class Known(Struct, frozen=True):
    """A colleague as far as the decision looks. `is_bound`: the provider means them by some other subject."""

    staff: StaffId
    state: str
    is_bound: bool = False
