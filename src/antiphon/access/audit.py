"""The audit log: who asked for which change, from where, and how it ended. Written before the change is tried.

| part of a line | where it comes from |
|---|---|
| act | `area.verb`, from the path: `POST /campaigns/12/launch` is `campaigns.launch` |
| target | what the path names: `campaign:12`, `profile:7`; `who:email:j…@shop.example` where nobody was found |
| detail | the plain values that the body and the query name; `…` stands for what was given and is not kept |

What is not kept: lists and objects, whatever a key of that name may hold in secret, and everything that is said about
people but whether it was a rehearsal. Of a person the house's own number is kept, which says nothing once they are
erased; their addresses and their numbers elsewhere are masked. So nothing has to be erased here.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import datetime, timedelta

import msgspec
from litestar import Request

from antiphon.access import store_audit as store
from antiphon.access.browser import Connection, client_address
from antiphon.access.records import AuditAct, AuditAsked, AuditLine, Detail
from antiphon.kernel.clock import wall_datetime
from antiphon.kernel.db import Database, Transaction
from antiphon.kernel.permissions import READING, Permission
from antiphon.kernel.principal import Principal

LEFT_OUT = "…"
TEXT_CHARS_MAX = 200
KEYS_MAX = 40
PAGE = 500
TRIMMED_AT_ONCE = 5_000
KEPT_AT_LEAST = timedelta(days=1, minutes=1)
"""The table's trigger lets nothing younger than a day go."""
NOBODY = Principal("nobody", None, "", frozenset())

_SILENT: frozenset[str] = READING | {"public", "send", "events.write"}
"""Reading, and the traffic of programs, which is in the ledger and the event log."""

_VERBS = {"POST": "create", "PUT": "change", "PATCH": "change", "DELETE": "delete"}
_SECRET = re.compile(r"pass|secret|token|key|credential|auth|code|private|sign|cookie|hash|otp|proof|url|link", re.I)
_PERSONAL = re.compile(
    r"mail|phone|address|recipient|^(to|from|as|who|with|ip|value|person|people|first_name|last_name)$", re.I
)
_PLAIN = frozenset({"dry_run", "keep_counts"})
_ADDRESSED = frozenset({"email", "phone", "webpush", "push", "sms", "whatsapp", "telegram", "messenger"})
_OWN = frozenset({"id", "profile"})
"""Kinds of identifiers that are the house's own numbers."""

_FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")
_WORD = re.compile(r"[a-z][a-z_-]{0,39}")
_PHONE = re.compile(r"\+\d[\d ()./-]{6,}\d")


def is_audited(permission: Permission | str, method: str) -> bool:
    """Looking leaves no line, but for looking at all that is known of a person."""
    if method in ("GET", "HEAD", "OPTIONS"):
        return permission == "people.privacy"
    return permission not in _SILENT


def act_of(method: str, template: str, parameters: Mapping[str, object]) -> str:
    """`template` is the route, such as `/api/v1/campaigns/{campaign:str}/{act:str}`."""
    pieces = template.removeprefix("/api/v1").strip("/").split("/")
    area, rest = pieces[0], pieces[1:]
    words = [piece.replace("-", "_") for piece in rest if not piece.startswith("{")]
    if rest and rest[-1] in ("{act}", "{act:str}"):
        named = str(parameters.get("act", ""))
        words.append(named if _WORD.fullmatch(named) else "act")
    elif not words or method not in ("POST", "GET") or (method == "POST" and words[-1].endswith("s")):
        words.insert(0, _VERBS.get(method, method.lower()))
    return f"{area}.{'_'.join(words)}"


def target_of(parameters: Mapping[str, object], person: int | None = None) -> str:
    """What the path names, addresses masked; the act is no target. `person`: whom its `who` leads to."""
    named = {name: clean(str(value)) for name, value in parameters.items() if name != "act"}
    told = [_person(value, person) if name == "who" else f"{name}:{masked(value)}" for name, value in named.items()]
    return " ".join(told)[:TEXT_CHARS_MAX]


def _person(who: str, person: int | None) -> str:
    if person is not None:
        return f"profile:{person}"
    kind, _, value = who.partition(":")
    return f"who:{masked(who)}" if kind in _OWN else f"who:{masked(kind)}:{_hidden(value)}"


def masked(text: str) -> str:
    """`email:jo@shop.example` is `email:j…@shop.example`, `phone:+447400000301` is `phone:…01`."""
    kind, colon, value = text.partition(":")
    if colon and kind.lower() in _ADDRESSED:
        return f"{kind}:{_hidden(value)}"
    if "@" in text or _PHONE.search(text):
        return f"{kind}:{_hidden(value)}" if colon and not re.search(r"[@\d]", kind) else _hidden(text)
    return text


def _hidden(value: str) -> str:
    name, at, domain = value.rpartition("@")
    if at and name:
        return f"{name[0]}{LEFT_OUT}@{domain}"
    return LEFT_OUT + (value[-2:] if len(value) > 6 and value[-2:].isdigit() else "")


def detail_of(permission: Permission | str, body: bytes, query: Iterable[tuple[str, str]]) -> Detail:
    """Never raises: what cannot be read is not kept."""
    keeps_values = not permission.startswith("people.")
    given: dict[str, object] = dict(query)
    try:
        given |= msgspec.json.decode(body, type=dict[str, msgspec.Raw]) if body else {}
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        given |= {}
    kept: dict[str, str | int | float | bool | None] = {}
    for key, value in list(given.items())[:KEYS_MAX]:
        name = masked(clean(key))[:TEXT_CHARS_MAX]
        kept[name] = _kept(key, _plain(value)) if keeps_values or key in _PLAIN else LEFT_OUT
    return kept


def _plain(value: object) -> object:
    """A value of JSON; lists and objects are not looked into."""
    if not isinstance(value, msgspec.Raw):
        return value
    if bytes(value)[:1] in (b"{", b"["):
        return None if bytes(value) in (b"{}", b"[]") else LEFT_OUT
    try:
        return msgspec.json.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return LEFT_OUT


def _kept(key: str, value: object) -> str | int | float | bool | None:
    if value is None or isinstance(value, bool):
        return value
    if _SECRET.search(key):
        return LEFT_OUT
    if isinstance(value, int | float):
        return value if abs(value) < 2**53 else LEFT_OUT  # so is no NaN
    text = clean(str(value))[:TEXT_CHARS_MAX]
    return masked(text) if not _PERSONAL.search(key) else _hidden(text)


def clean(text: str) -> str:
    """What PostgreSQL can store."""
    return text.replace("\x00", "�").encode("utf-8", "replace").decode()


async def record(
    connection: Connection,
    database: Database,
    permission: Permission,
    who: Principal,
    *,
    person: int | None,
) -> int:
    """The line of what is about to be done: called by the guard, before the handler, for what `is_audited`. `person`:
    whom the path names, if it names somebody."""
    method = str(connection.scope.get("method", ""))
    parameters = connection.path_params
    body = await body_of(connection)
    done = AuditAct(
        who,
        act_of(method, connection.scope["path_template"], parameters),
        target_of(parameters, person),
        detail_of(permission, body, connection.query_params.multi_items()),
        client_address(connection),
    )
    return await begin(database, done)


async def body_of(connection: Connection) -> bytes:
    """Litestar keeps it for the handler, and refuses one that is too large. Files are not read: they may be streams."""
    if not isinstance(connection, Request) or connection.route_handler.parsed_data_field is None:
        return b""
    return b"" if connection.content_type[0] in _FORMS else await connection.body()


async def begin(database: Database, done: AuditAct) -> int:
    """The line's number, for `finish`. Whatever is not finished was cut off."""
    async with database.alone() as tx:
        return await store.insert(tx, done, status=None)


async def finish(database: Database, line: int, *, status: int) -> None:
    async with database.alone() as tx:
        await store.finish(tx, line, status=status)


async def note(
    where: Transaction | Database,
    act: str,
    *,
    who: Principal = NOBODY,
    target: str = "",
    detail: Detail | None = None,
    address: str = "",
    status: int = 200,
) -> None:
    """A whole line, for what no guard sees: signing in and out. In a transaction it stands or falls with it; so what
    was refused is noted through the database. `target` and `detail` are masked like everybody's."""
    kept = {name: _kept(name, value) for name, value in (detail or {}).items()}
    done = AuditAct(who, act, masked(clean(target))[:TEXT_CHARS_MAX], kept, address)
    if isinstance(where, Transaction):
        await store.insert(where, done, status=status)
        return
    async with where.alone() as tx:
        await store.insert(tx, done, status=status)


async def read(database: Database, asked: AuditAsked) -> AsyncIterator[list[AuditLine]]:
    """All that is asked for, the newest first, page by page; each page is a transaction of its own."""
    before: int | None = None
    while True:
        async with database.transaction(read_only=True) as tx:
            lines = list(await store.page(tx, asked, before=before, limit=PAGE))
        if lines:
            yield lines
        if len(lines) < PAGE:
            return
        before = int(lines[-1].id)


async def trim(database: Database, before: datetime) -> int:
    """Let go of what is older than its rule. `before` is product time; the log has wall time, so the age counts."""
    age = max(database.clock.now() - before, KEPT_AT_LEAST)
    limit, gone, page = wall_datetime() - age, 0, TRIMMED_AT_ONCE
    while page == TRIMMED_AT_ONCE:
        async with database.transaction() as tx:
            page = await store.trim(tx, limit, limit=TRIMMED_AT_ONCE)
        gone += page
    return gone
