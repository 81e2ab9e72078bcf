"""What is said of single sign-on. A client's secret goes in and never comes out."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from antiphon.access.records import StaffId
from antiphon.access.roles import Role

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
    first time; None: only who was invited comes in."""

    name: str
    title: str
    issuer: str
    client_id: str
    secret: str
    domains: tuple[str, ...]
    role: Role | None
    enabled: bool
    trusted: bool

    def __repr__(self) -> str:
        return f"Provider({self.name!r})"


class ProviderSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`secret` left out: as it was."""

    title: str
    issuer: str
    client_id: str
    secret: str | None = None
    domains: list[str] = []
    role: Role | None = None
    enabled: bool = True
    trusted: bool = False


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
    callback: str
    logout: str


class Check(Struct, frozen=True):
    """`problems` say what to change; with none, everything that can be looked at without a sign-in is right."""

    works: bool
    problems: list[str]


class Claims(Struct, frozen=True):
    """What a provider says of who signed in. `email` None: it said none."""

    subject: str
    email: str | None = None
    email_verified: bool = False
    name: str = ""


class Known(Struct, frozen=True):
    """A colleague as far as the decision looks. `is_bound`: the provider means them by some other subject."""

    staff: StaffId
    state: str
    is_bound: bool = False
