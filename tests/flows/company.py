"""The company of the simulated month: customers, topics, accounts, and its rules as tables for a judge."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from antiphon_world.people import people
from flows.house import House
from flows.mail import exchanger, mail_api
from flows.samples import COSTS, PEOPLE_MAP

START = datetime(2026, 5, 4, 5, tzinfo=UTC)
"""A Monday; the Friday is a public holiday in France."""

TOPICS: Sequence[dict[str, Any]] = (
    {"name": "news", "titles": {"en": "News"}},
    {"name": "coupons", "titles": {"en": "Coupons"}},
    {"name": "tips", "channels": ["email"], "titles": {"en": "Tips"}},
    {"name": "surveys", "state": "unwanted", "titles": {"en": "Surveys"}},
    {"name": "statements", "basis": "contract", "channels": ["email"]},
    {"name": "security", "basis": "contract", "critical": True, "shown": False},
)
SPOKEN_OF = ("news", "news", "coupons", "coupons", "tips", "surveys", "statements")
CHANNELS = ("email", "sms", "push")
CAPS: Sequence[dict[str, Any]] = (
    {"count": 4, "within_s": 3 * 86_400},
    {"count": 2, "within_s": 3 * 86_400, "topic": "coupons"},
    {"count": 2, "within_s": 2 * 86_400, "channel": "sms"},
    {"count": 2, "within_s": 86_400, "channel": "push"},
)
QUIET = {"start": "21:00", "end": "08:00", "channels": ["sms", "push"], "holidays": ["2026-05-06", "2026-05-19"]}
CRITICAL_PER_HOUR = 3
UNITS = {"smtp:0": COSTS["email"], "mail:0": 0.0008, "smpp:0": COSTS["sms"], "smpp:1": 0.06, "push": 0.0}
GROUPS = 10
"""Everybody is in one of so many; a segment has several of them."""

LAW_HOURS = (
    *(("US", day, "08:00", "21:00") for day in range(1, 8)),
    *(("US-FL", day, "08:00", "20:00") for day in range(1, 8)),
    *(("FR", day, "08:00", "20:00") for day in range(1, 6)),
    ("FR", 6, "10:00", "18:00"),
)
"""Region, day of the week (1: Monday), hours of texts to many, by hand; a day that is not named has none."""
LAW_HOLIDAYS = (("FR", "2026-05-08"), ("FR", "2026-05-14"), ("FR", "2026-05-25"))
LAW_CAPS = (("US-FL", 3, 24),)


@dataclass
class Aim:
    """A message that goes out, by its mark; what holds for it stands here as it was asked for."""

    mark: str
    purpose: str
    topic: str
    channels: tuple[str, ...]
    failover: str = "definite"
    who: str | None = None
    groups: tuple[int, ...] | None = None
    not_before: datetime | None = None
    local_at: datetime | None = None
    expires_at: datetime | None = None
    budget: float | None = None
    cost_max: float | None = None
    no_staff: bool = False
    no_gold: bool = False
    discount: float | None = None
    follows: str | None = None


@dataclass
class Company:
    """`said`, `clock`, `ends`, `tiers` are for the judge: with the wall times between which each was told."""

    home: House
    size: int
    seed: int = 1
    now: datetime = START
    aims: dict[str, Aim] = field(default_factory=dict)
    said: list[tuple[float, float, str, str, str, str, datetime | None]] = field(default_factory=list)
    clock: list[tuple[float, datetime]] = field(default_factory=list)
    stops: list[tuple[str, float, float]] = field(default_factory=list)
    """Mark, from when to when (wall) nothing of it may leave: paused, or cancelled for good."""
    tiers: list[tuple[float, str, str]] = field(default_factory=list)
    refused: int = 0

    def __post_init__(self) -> None:
        self.draw = random.Random(self.seed)
        rows = people(self.home.seed, range(1, self.size + 1), until=START, push_base=self.home.world_url)
        self.people = [self._traits(n, row) for n, row in enumerate(rows, 1)]
        self.pool = ThreadPoolExecutor(8)

    def _traits(self, number: int, row: dict[str, Any]) -> dict[str, Any]:
        """`staff`: one in fifty; `discount`: an offer that a sixth of them hold."""
        more: dict[str, Any] = {"ref": row["id"], "grp": number % GROUPS, "staff": number % 50 == 7}
        if number % 6 == 0:
            more["discount"] = (number % 5) * 10
        if row["country"] == "US" and number % 4 == 0:
            more |= {"state": "FL", "timezone": "America/New_York"}
        return {**row, **more}

    def open(self) -> None:
        """Accounts, rules, topics, segments, people."""
        home = self.home
        home.account("relay", "smtp", unit_cost=UNITS["smtp:0"])
        home.account("operator", "smpp", 0, unit_cost=UNITS["smpp:0"])
        home.account("other operator", "smpp", 1, unit_cost=UNITS["smpp:1"])
        home.account("push", "webpush")
        mail_api(home, rank=1)
        exchanger(home)
        home.put("/settings", {
            "frequency_caps": CAPS, "quiet_hours": QUIET, "critical_per_hour": CRITICAL_PER_HOUR,
            "timezone": "Europe/London", "stop_above": {"complaints": None, "bounces": None, "opt_outs": None},
        })  # fmt: skip
        for topic in TOPICS:
            home.put("/topics", topic)
        self.segment("all", {"trait": "ref", "op": "exists"})
        for name, groups in SEGMENTS.items():
            self.segment(name, {"trait": "grp", "op": "in", "value": list(groups)})
        self.segment("staff", {"trait": "staff", "op": "eq", "value": True})
        self.segment("gold", {"trait": "tier", "op": "eq", "value": "gold"})
        self._import()
        home.settle(within_s=600)

    def segment(self, name: str, rule: dict[str, Any]) -> None:
        self.home.post("/segments", {"name": name, "rule": {"version": 1, "rule": rule}})

    def _import(self) -> None:
        path, mapping = self.home.folder / "people.jsonl", self.home.folder / "map.json"
        with path.open("w") as file:
            file.writelines(json.dumps(row) + "\n" for row in self.people)
        mapping.write_text(json.dumps(PEOPLE_MAP))
        told = self.home.command("import", "people", str(path), "--map", str(mapping))
        assert (told["new"], told["refused"]) == (self.size, 0), told

    def mark(self) -> str:
        return f"Mark{len(self.aims) + 1:05d}"

    def at(self, day: int, hour: float) -> datetime:
        return START.replace(hour=0) + timedelta(days=day, hours=hour)


SEGMENTS: dict[str, tuple[int, ...]] = {"half": (0, 1, 2, 3, 4), "deals": (2, 3, 4, 5), "few": (6, 7)}


def written(name: str, topic: str, mark: str, **more: Any) -> dict[str, Any]:
    """Every form of it names the mark and whom it is for, so that what arrives tells by itself what it is."""
    said = f"{mark} for {{{{ profile.ref }}}}"
    button = {"kind": "button", "label": "Shop", "url": "https://shop.example/"}
    forms = {
        "email": {"subject": said, "blocks": [{"kind": "text", "text": said}, button]},
        "sms": {"text": f"{said} https://shop.example/"},
        "push": {"title": said, "body": said, "url": "https://shop.example/"},
    }
    return {"name": name, "topic": topic, "locales": {"en": forms}, **more}
