"""How long what is kept: rules that the operator sets, and the keeper that holds to them.

Parts above name their rules through the wiring. A pass walks through each table once, some pages at a time; it never
holds a lock for longer than that takes. Space goes back to the tables, not to the disk, but for dropped months.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta

import structlog
from msgspec import Struct

from antiphon.kernel import settings
from antiphon.kernel.db import Database, Transaction
from antiphon.profiles import store

log = structlog.get_logger()

PAGES_AT_ONCE = 2_000
"""16 MB of a table."""

SINCE_LAST_PASS = timedelta(hours=26)
"""Wall time: a pass a day, and something over."""

Trim = Callable[[Database, datetime], Awaitable[int]]
"""Lets go of what is older; answers how many rows, in transactions of bounded size."""


class Kept(Struct, frozen=True):
    """A table that grows. `at`: the column that says how old a row is; empty: as old as the rows of table `like`.

    `came`: the column that says when a row came in, where that is another.
    """

    table: str
    at: str = ""
    came: str = ""
    like: str = ""


class Rule(Struct, frozen=True):
    """`setting` is the field of settings.Retention. Without `trim`, the first table is walked through."""

    setting: str
    tables: tuple[Kept, ...]
    trim: Trim | None = None


async def trim_events(database: Database, before: datetime) -> int:
    """Whole months are dropped, what lies elsewhere is deleted. Their sums stay: see docs/explanation/retention.md."""
    async with database.transaction() as tx:
        if not await store.retention.try_trimming(tx):
            return 0
        partitions = await store.retention.event_partitions(tx)
        gone = [name for name, bounds in partitions.items() if is_over(bounds, before)]
        dropped = [name for name in gone if await store.retention.drop_partition(tx, name)]
    rest = partitions.keys() - dropped
    mixed = sorted(name for name in rest if may_have_older(partitions[name], before))
    return len(dropped) + sum([await walk(database, name, "at", before) for name in mixed])


_BOUNDS = re.compile(r"FROM \((MINVALUE|'[^']+')\) TO \('([^']+)'\)")


def _bounds(text: str) -> tuple[datetime | None, datetime | None]:
    """None: open. The default partition is open at both ends."""
    found = _BOUNDS.search(text)
    if found is None:
        return None, None
    start = None if found[1] == "MINVALUE" else _instant(found[1].strip("'"))
    return start, _instant(found[2])


def _instant(text: str) -> datetime:
    """As the database writes one in UTC: `2026-01-01 00:00:00+00`."""
    return datetime.fromisoformat(text if ":" in text[-3:] else f"{text}:00").astimezone(UTC)


def is_over(bounds: str, before: datetime) -> bool:
    """A month that ended before. The one that holds everything older is never dropped: old facts still come in."""
    start, end = _bounds(bounds)
    return start is not None and end is not None and end <= before


def may_have_older(bounds: str, before: datetime) -> bool:
    start, _ = _bounds(bounds)
    return start is None or start < before


async def walk(database: Database, table: str, column: str, before: datetime) -> int:
    """Delete what is older, some pages in each transaction; it stops where another process trims."""
    async with database.transaction(read_only=True) as tx:
        pages = await store.retention.pages(tx, table)
    gone = 0

    async def some(tx: Transaction, first: int) -> int | None:
        if not await store.retention.try_trimming(tx):
            return None
        return await store.retention.trim_pages(tx, table, column, before=before, first=first, count=PAGES_AT_ONCE)

    for first in range(0, pages, PAGES_AT_ONCE):
        count = await database.repeat(lambda tx, first=first: some(tx, first))  # type: ignore[misc]  # bound by default
        if count is None:
            return gone
        gone += count
    return gone


OWN = (
    Rule("events_months", (Kept("event", "at", came="received_at"),), trim_events),
    Rule("trait_history_months", (Kept("trait_change", "at"),)),
    Rule("refused_days", (Kept("refused_event", "at"),)),
    Rule("seen_message_days", (Kept("seen_message", "seen_at"),)),
)

rules: dict[str, Rule] = {rule.setting: rule for rule in OWN}

FOR_EVER = (
    Kept("profile", "created_at"),
    Kept("identifier", "first_at"),
    Kept("address", like="profile"),
    Kept("told", like="profile"),
    Kept("profile_word", like="profile"),
    Kept("event_sum", "first_at"),
    Kept("consent", "recorded_at"),
)
"""What grows and has no rule: it goes with the person."""


def add_rules(more: Sequence[Rule]) -> None:
    """Called by the wiring alone; a rule of the same name is replaced."""
    rules.update({rule.setting: rule for rule in more})


def bound(setting: str, value: int | None, now: datetime) -> datetime | None:
    """What is older than this goes. Months are whole ones: with 1, last month and this one stay."""
    if value is None:
        return None
    if setting.endswith("_days"):
        return max(now - timedelta(days=value), _FIRST) if value < _DAYS_MAX else _FIRST
    return months_before(now, value)


_FIRST = datetime(1, 1, 2, tzinfo=UTC)
_DAYS_MAX = 700_000


def months_before(now: datetime, months: int) -> datetime:
    """The beginning of the month that many months before this one; not before year 1."""
    number = max(now.year * 12 + now.month - 1 - months, 12)
    return datetime(number // 12, number % 12 + 1, 1, tzinfo=UTC)


async def keep(database: Database) -> dict[str, int]:
    """Let go of what is older than its rule; rows (of events also months) by rule. Nothing while no rule is set.

    The planner's samples are drawn anew where somebody was erased: they hold values too.
    """
    async with database.transaction(read_only=True) as tx:
        wanted = (await settings.read(tx)).retention
        now = tx.now
    gone: dict[str, int] = {}
    for name, rule in rules.items():
        before = bound(name, getattr(wanted, name), now)
        if before is None:
            continue
        kept = rule.tables[0]
        gone[name] = await (rule.trim(database, before) if rule.trim else walk(database, kept.table, kept.at, before))
        if gone[name]:
            log.info("retention.trimmed", rule=name, rows=gone[name])
    await database.repeat(_forget_samples)
    return gone


async def _forget_samples(tx: Transaction) -> None:
    if await store.retention.erased_within(tx, SINCE_LAST_PASS):
        await store.retention.refresh_statistics(tx)
