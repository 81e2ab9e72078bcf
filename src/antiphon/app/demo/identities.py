"""How else the sample company knows its customers: the CRM, browsers before anybody signed in, a family with one phone,
the tablet in the shop, and the companies that some of them buy for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import msgspec

from antiphon.kernel.records import Identifier
from antiphon.profiles import AccountFact, Fact, normalise

Row = dict[str, Any]  # Any: JSON
KIOSK = Identifier("device", "tablet-bristol")
FAMILY = 3
ACCOUNTS = (
    ("north-pier-hotel", {"name": "North Pier Hotel", "plan": "wholesale", "tables": 60}),
    ("studio-ocho", {"name": "Studio Ocho", "plan": "office", "seats": 14}),
    ("maison-varenne", {"name": "Maison Varenne", "plan": "wholesale", "tables": 22}),
    ("brightwater-library", {"name": "Brightwater Library", "plan": "office", "seats": 35}),
    ("kestrel-cycles", {"name": "Kestrel Cycles", "plan": "office", "seats": 9}),
)
PAGES = ("Roasts", "Brewing guide", "Subscriptions", "Our stores")


def facts(rows: list[Row], *, now: datetime) -> Iterator[Fact]:
    """In the order in which it happened: who came without a name signs in later, and is one person then."""
    people = list(enumerate(rows, 1))
    for n, row in people:
        yield from _visits(n, now)
        yield from _crm(n, row, now)
    for n, row in people:
        yield from _sign_in(n, row, now)
        yield from _kiosk(n, row, now)
        yield from _family(n, rows, now)


def _visits(n: int, now: datetime) -> Iterator[Fact]:
    """Every tenth looked around in a browser that nobody knew."""
    if n % 10 == 3:
        for view, name in enumerate((PAGES[n % 4], PAGES[(n + 1) % 4])):
            at = now - timedelta(days=n % 30 + 1, minutes=9 - view)
            said = msgspec.json.encode({"name": name}).decode()
            yield Fact("web", f"view-{n}-{view}", at, (_browser(n),), event="Page Viewed", properties=said)


def _crm(n: int, row: Row, now: datetime) -> Iterator[Fact]:
    """Every fifth is in the CRM, under a number of its own; of some it first knows nothing but the name."""
    who = Identifier("external_id@crm", f"K-{n:05d}")
    at = now - timedelta(days=90 + n % 200)
    if n % 40 == 20:
        name = {key: row[key] for key in ("first_name", "last_name")}
        yield Fact("crm", f"crm-new-{n}", at - timedelta(days=9), (who,), traits=name)
    if n % 5 == 0:
        known = (who, Identifier("external_id", row["id"])) if n % 40 == 20 else (who, _address(row))
        of = ACCOUNTS[n // 25 % len(ACCOUNTS)] if n % 25 == 0 else None
        account = AccountFact(of[0], dict(of[1])) if of else None
        yield Fact("crm", f"crm-{n}", at, known, traits={"crm_stage": _stage(n)}, account=account)


def _sign_in(n: int, row: Row, now: datetime) -> Iterator[Fact]:
    """Two of three of these browsers signed in."""
    if n % 10 == 3 and n % 30 != 3:
        who = (Identifier("external_id", row["id"]), _browser(n))
        at = now - timedelta(days=n % 30 + 1)
        yield Fact("web", f"sign-in-{n}", at, who, event="Signed In")


def _kiosk(n: int, row: Row, now: datetime) -> Iterator[Fact]:
    """Eight customers used the tablet in the shop: it is nobody's."""
    if n <= 800 and n % 100 == 7:
        who = (Identifier("external_id", row["id"]), KIOSK)
        yield Fact("store", f"kiosk-{n}", now - timedelta(days=20 - n // 100), who, event="Points Collected")


def _family(n: int, rows: list[Row], now: datetime) -> Iterator[Fact]:
    """In every hundred customers there are three with one telephone: that of the first."""
    head = n - n % 100 + 41
    if head < n < head + FAMILY and head <= len(rows) and (phone := rows[head - 1].get("phone")):
        who = (Identifier("external_id", rows[n - 1]["id"]), Identifier("phone", phone))
        yield Fact("store", f"family-{n}", now - timedelta(days=40), who, traits={"household": f"h{head}"})


def _browser(n: int) -> Identifier:
    return Identifier("anonymous_id", f"web-{n:06d}")


def _address(row: Row) -> Identifier:
    return normalise("email", row["email"]) if "email" in row else Identifier("phone", row["phone"])


def _stage(n: int) -> str:
    return ("lead", "customer", "regular", "regular", "wholesale")[n // 5 % 5]
