"""The cook-book's recipes, and the data sets on which their answers are true."""

from __future__ import annotations

import csv
import gzip
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from segments import offers

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared/data"
PAGE = ROOT / "docs/howto/segment-cookbook.md"
FOLDERS = {"Starbucks offers": "starbucks-offers", "Online Retail": "online-retail", "CDNOW": "cdnow"}


@dataclass(frozen=True)
class Recipe:
    """`answers`: set, instant, how many."""

    text: str
    answers: tuple[tuple[str, datetime, int], ...]


@dataclass
class Set:
    """Everybody with their traits, and what they did, in order of time."""

    people: dict[str, dict[str, Any]]
    events: Sequence[tuple[str, str, datetime, dict[str, Any]]]

    def until(self, at: datetime, *, after: datetime | None = None) -> list[tuple[str, str, datetime, dict[str, Any]]]:
        return [event for event in self.events if event[2] <= at and (after is None or event[2] > after)]


def recipes() -> list[Recipe]:
    found = []
    for text, lines in re.findall(r"```rule\n(.*?)```\n((?:- [^\n]*\n)+)", PAGE.read_text("utf-8") + "\n", re.DOTALL):
        answers = [re.fullmatch(r"- (.*), (.*): \*\*(\d+)\*\*", line) for line in lines.splitlines()]
        assert all(answers), lines
        found.append(Recipe(text, tuple((each[1], _instant(each[2]), int(each[3])) for each in answers if each)))
    return found


def _instant(said: str) -> datetime:
    hour = re.fullmatch(r"hour (\d+)", said)
    return offers.at(int(hour[1])) if hour else datetime.fromisoformat(said).replace(tzinfo=UTC)


@cache
def data(name: str) -> Set:
    return {"Starbucks offers": _starbucks, "Online Retail": _retail, "CDNOW": _cdnow}[name]()


def _starbucks() -> Set:
    with gzip.open(DATA / "starbucks-offers/profile.jsonl.gz", "rt") as lines:
        members = {row["id"]: {"gender": row["gender"]} for row in map(json.loads, lines)}
    with gzip.open(DATA / "starbucks-offers/transcript.jsonl.gz", "rt") as lines:
        rows = [json.loads(line) for line in lines]
    return Set(members, [(row["person"], row["event"], offers.at(row["time"]), row["value"]) for row in rows])


def _retail() -> Set:
    """One order for each invoice of a clean sale: customer known, not cancelled, quantity and price above nothing."""
    orders: dict[tuple[str, str], tuple[datetime, Decimal]] = {}
    with gzip.open(DATA / "online-retail/online_retail.csv.gz", "rt", newline="") as lines:
        for row in csv.DictReader(lines):
            quantity, price = int(row["Quantity"]), Decimal(row["UnitPrice"])
            if not row["CustomerID"] or row["InvoiceNo"].startswith("C") or quantity <= 0 or price <= 0:
                continue
            key = row["CustomerID"], row["InvoiceNo"]
            at = datetime.fromisoformat(row["InvoiceDate"]).replace(tzinfo=UTC)
            first, sofar = orders.get(key, (at, Decimal(0)))
            orders[key] = min(first, at), sofar + quantity * price
    events = [
        (customer, "Order Completed", at, {"invoice": invoice, "amount": float(amount)})
        for (customer, invoice), (at, amount) in orders.items()
    ]
    return Set({customer: {} for customer, _ in orders}, sorted(events, key=lambda event: event[2]))


def _cdnow() -> Set:
    with gzip.open(DATA / "cdnow/cdnow.csv.gz", "rt", newline="") as lines:
        rows = list(csv.DictReader(lines))
    events = [
        (
            row["customer_id"],
            "Purchase",
            datetime.strptime(row["date"], "%Y%m%d").replace(tzinfo=UTC),
            {"usd": row["usd"]},
        )
        for row in rows
    ]
    return Set({row["customer_id"]: {} for row in rows}, sorted(events, key=lambda event: event[2]))


def steps(begin: datetime, instants: Iterable[datetime], every: timedelta) -> list[datetime]:
    """From the beginning to the last instant, every so often, and each of the instants."""
    wanted = sorted(instants)
    found = set(wanted)
    at = begin
    while at < wanted[-1]:
        found.add(at)
        at += every
    return sorted(found)
