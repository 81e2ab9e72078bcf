"""What retention means in bytes: what the rules would let go now, and where the database is in twelve months."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta

from msgspec import Struct

from antiphon.kernel import settings
from antiphon.kernel.db import Database, Transaction
from antiphon.profiles import retention, store
from antiphon.profiles.retention import Kept, Rule

GROWTH_DAYS = 30
YEAR_DAYS = 365


class RuleView(Struct, frozen=True):
    """`keep`: months or days, as the name says; None: for ever. `rows` and `bytes`: about what would go now."""

    name: str
    keep: int | None
    before: datetime | None
    tables: tuple[str, ...]
    rows: int
    bytes: int


class MonthView(Struct, frozen=True):
    month: str
    bytes: int


class TableView(Struct, frozen=True):
    """`rows` and `grown_bytes` (of the last thirty days) are estimates. The forecast is for twelve months from now."""

    name: str
    rows: int
    bytes: int
    grown_bytes: int
    forecast_bytes: int
    forecast_bytes_with_rules: int
    months: list[MonthView]


class View(Struct, frozen=True):
    rules: list[RuleView]
    tables: list[TableView]
    bytes: int
    forecast_bytes: int
    forecast_bytes_with_rules: int


class Measured(Struct, frozen=True):
    """Rows by day: by their age, and by when they came."""

    size: store.retention.Size
    days: Mapping[date, int]
    came: Mapping[date, int]

    @property
    def rows(self) -> int:
        return sum(self.days.values()) or self.size.rows or 0

    def share_before(self, at: datetime) -> float:
        total = sum(self.days.values())
        return sum(n for day, n in self.days.items() if day < at.date()) / total if total else 0.0

    def share_grown(self, now: datetime) -> float:
        total = sum(self.came.values())
        since = (now - timedelta(days=GROWTH_DAYS)).date()
        return sum(n for day, n in self.came.items() if since < day <= now.date()) / total if total else 0.0


async def view(database: Database) -> View:
    async with database.transaction(read_only=True) as tx:
        wanted = (await settings.read(tx)).retention
        measured = await _measure(tx)
        now = tx.now
    ruled = {kept.table: rule for rule in retention.rules.values() for kept in rule.tables}
    tables = [_table(name, each, ruled.get(name), wanted, now) for name, each in sorted(measured.items())]
    return View(
        rules=[_rule(rule, measured, wanted, now) for rule in retention.rules.values()],
        tables=tables,
        bytes=sum(table.bytes for table in tables),
        forecast_bytes=sum(table.forecast_bytes for table in tables),
        forecast_bytes_with_rules=sum(table.forecast_bytes_with_rules for table in tables),
    )


async def _measure(tx: Transaction) -> dict[str, Measured]:
    """Every table of the database; without days where nothing says how old its rows are."""
    sizes = await store.retention.sizes(tx)
    days: dict[str, dict[date, int]] = {}
    came: dict[str, dict[date, int]] = {}
    for kept in _kept():
        if kept.at and kept.table in sizes:
            rows = sizes[kept.table].rows
            days[kept.table] = await store.retention.days(tx, kept.table, kept.at, rows=rows)
            came[kept.table] = days[kept.table]
            if kept.came:
                came[kept.table] = await store.retention.days(tx, kept.table, kept.came, rows=rows)
    like = {kept.table: kept.like for kept in _kept() if kept.like}
    return {
        name: Measured(size, days.get(like.get(name, name), {}), came.get(like.get(name, name), {}))
        for name, size in sizes.items()
    }


def _kept() -> Iterable[Kept]:
    for rule in retention.rules.values():
        yield from rule.tables
    yield from retention.FOR_EVER


def _rule(rule: Rule, measured: Mapping[str, Measured], wanted: settings.Retention, now: datetime) -> RuleView:
    keep = getattr(wanted, rule.setting)
    before = retention.bound(rule.setting, keep, now)
    tables = [measured[kept.table] for kept in rule.tables if kept.table in measured]
    share = tables[0].share_before(before) if before is not None and tables else 0.0
    return RuleView(
        name=rule.setting,
        keep=keep,
        before=before,
        tables=tuple(kept.table for kept in rule.tables),
        rows=round(share * tables[0].rows) if tables else 0,
        bytes=round(share * sum(table.size.bytes for table in tables)),
    )


def _table(name: str, measured: Measured, rule: Rule | None, wanted: settings.Retention, now: datetime) -> TableView:
    grown = measured.size.bytes * measured.share_grown(now)
    year = grown * YEAR_DAYS / GROWTH_DAYS
    keep = getattr(wanted, rule.setting) if rule is not None else None
    kept, stays = 1.0, 1.0
    if rule is not None and keep is not None:
        then = now + timedelta(days=YEAR_DAYS)
        cut = retention.bound(rule.setting, keep, then)
        assert cut is not None
        kept = 0.0 if cut > now else 1.0 - measured.share_before(cut)
        stays = min(1.0, (then - cut) / timedelta(days=YEAR_DAYS))
    return TableView(
        name=name,
        rows=measured.rows,
        bytes=measured.size.bytes,
        grown_bytes=round(grown),
        forecast_bytes=round(measured.size.bytes + year),
        forecast_bytes_with_rules=round(measured.size.bytes * kept + year * stays),
        months=_months(measured),
    )


def _months(measured: Measured) -> list[MonthView]:
    """The newest first."""
    total = sum(measured.days.values())
    by_month = Counter[str]()
    for day, n in measured.days.items():
        by_month[f"{day.year:04}-{day.month:02}"] += n
    return [
        MonthView(month, round(measured.size.bytes * n / total)) for month, n in sorted(by_month.items(), reverse=True)
    ]
