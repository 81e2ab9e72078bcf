"""Was any rule broken in the month? The world's log goes into tables of its own, and SQL of its own judges them."""

from __future__ import annotations

import asyncio
import json
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import asyncpg

from antiphon.kernel import postgres
from flows.company import (
    CAPS,
    CRITICAL_PER_HOUR,
    LAW_CAPS,
    LAW_HOLIDAYS,
    LAW_HOURS,
    QUIET,
    START,
    TOPICS,
    UNITS,
    Company,
)
from flows.journal import RECEIVED

MARK = re.compile(r"(Mark\d{5}) for (\w+)")
DEAD = {"email": (550,), "push": (404, 410), "sms": (11,)}
BY_DOOR = ("refused", "swallowed", "dropped", *RECEIVED)
PLANTED = 1_000
"""Planted rows are copies of real ones, with numbers below 0."""
ATTEMPTS = r"""
CREATE TABLE attempts AS
SELECT coalesce(i.key, m.name) AS mark, e.value AS who, d.channel, d.state,
       regexp_replace(d.address, '^.*(/push/.*)$', '\1') AS address
  FROM public.delivery d
  JOIN public.source s ON s.id = d.source_id
  JOIN public.message m ON m.id = s.message_id
  JOIN public.identifier e ON e.profile_id = d.profile_id AND e.kind = 'external_id'
  LEFT JOIN public.idempotency i ON i.notification_id = d.notification_id
 WHERE s.kind <> 'system'
"""
SEVERAL = """
CREATE TABLE several AS
SELECT mark, who FROM attempts WHERE state NOT IN ('cancelled', 'superseded') GROUP BY mark, who HAVING count(*) > 1
"""


@dataclass
class Rule:
    name: str
    query: str
    plant: str


@dataclass
class Verdict:
    """`found`: numbers of arrivals by rule. `notes`: how often what is no rule of the product was found.

    `blind`: rules that did not find what was planted for them.
    """

    arrivals: int
    found: dict[str, list[int]]
    notes: dict[str, int]
    blind: list[str]
    doubles: int
    failed_over: int
    in_doubt: int
    examples: dict[str, list[dict[str, Any]]]


def rules() -> tuple[str, str, list[Rule]]:
    """Tables, indexes, rules."""
    text = Path(__file__).with_name("verdict.sql").read_text(encoding="utf-8")
    head, *parts = text.split("-- rule: ")
    tables, indexes = head.split("-- index\n")
    found = []
    for part in parts:
        name, _, body = part.partition("\n")
        query, _, plant = body.partition("-- plant\n")
        found.append(Rule(name, query.strip().removesuffix(";"), plant.strip()))
    return tables, indexes, found


def judge(company: Company) -> Verdict:
    with postgres.join_or_start(company.home.data) as running:
        return asyncio.run(_judge(running.dsn, company))


async def _judge(dsn: str, company: Company) -> Verdict:
    connection = await asyncpg.connect(dsn)
    try:
        tables, indexes, all_rules = rules()
        await connection.execute(tables)
        await _load(connection, company)
        await connection.execute(
            ATTEMPTS + ";" + SEVERAL + ";" + indexes + "CREATE INDEX ON attempts (mark); ANALYZE attempts;"
        )
        found = {rule.name: [row[0] for row in await connection.fetch(rule.query)] for rule in all_rules}
        notes = {name: len(found.pop(name)) for name in list(found) if name.startswith("note: ")}
        found = {name: numbers for name, numbers in found.items() if numbers}
        blind = [rule.name for rule in all_rules if not await _sees(connection, rule)]
        return Verdict(
            await connection.fetchval("SELECT count(*) FROM arrival"), found, notes, blind,
            await connection.fetchval(DOUBLES), await connection.fetchval(FAILED_OVER),
            await connection.fetchval("SELECT count(*) FROM attempts WHERE state = 'in_doubt'"),
            {name: [dict(r) for r in await connection.fetch(SHOW, numbers[:5])] for name, numbers in found.items()},
        )  # fmt: skip
    finally:
        await connection.close()


DOUBLES = """SELECT coalesce(sum(n - 1), 0)::int FROM (
  SELECT count(*) AS n FROM arrival JOIN aim USING (mark) WHERE failover = 'silence' AND NOT returned
   GROUP BY mark, arrival.who HAVING count(*) > 1) several"""
FAILED_OVER = """SELECT count(*) FROM (
  SELECT mark FROM attempts JOIN aim USING (mark) WHERE failover = 'silence' GROUP BY mark HAVING count(*) > 1) them"""
SHOW = "SELECT a.*, m.purpose, m.topic FROM arrival a JOIN aim m USING (mark) WHERE n = ANY ($1::bigint[])"


async def _sees(connection: asyncpg.Connection, rule: Rule) -> bool:
    """Whether the rule finds what is planted for it: in a transaction that is undone."""
    transaction = connection.transaction()
    await transaction.start()
    try:
        before = len(await connection.fetch(rule.query))
        await connection.execute(COPY_OF.format(n=-PLANTED, where="m.purpose = 'campaign' AND NOT a.returned"))
        await connection.execute(COPY_OF.format(n=-2 * PLANTED, where="m.failover = 'silence' AND NOT a.returned"))
        plant = rule.plant.replace(":mass", str(-PLANTED)).replace(":silent", str(-2 * PLANTED))
        await connection.execute(plant.replace("nth => 1", "'', 0, 1"))
        found = await connection.fetch(rule.query)
        return len(found) > before and any((row[0] or 0) < 0 for row in found)
    finally:
        await transaction.rollback()


COPY_OF = """INSERT INTO arrival SELECT {n}, a.wall + 100000, a.at + interval '90 days', a.channel, a.address, a.who,
  a.mark, a.provider, a.cost, a.nth FROM arrival a JOIN aim m USING (mark) WHERE {where} ORDER BY a.n LIMIT 1"""


# the tables


async def _load(connection: asyncpg.Connection, company: Company) -> None:
    people = company.people
    tables: dict[str, list[tuple[Any, ...]]] = {
        "person": [(p["id"], _region(p), p["country"], p["timezone"], p["grp"], p["staff"], p.get("discount"))
                   for p in people],
        "owner": [(p["id"], channel, address) for p in people for channel, address in _addresses(p)],
        "aim": [tuple(_plain(value) for value in asdict(aim).values()) for aim in company.aims.values()],
        "said": [(n, *word) for n, word in enumerate(sorted(company.said, key=lambda word: word[1]))],
        "tier": company.tiers,
        "stop": company.stops,
        "cap": [(c["count"], timedelta(seconds=c["within_s"]), c.get("topic"), c.get("channel")) for c in CAPS],
        "law_hours": [(region, day, time.fromisoformat(a), time.fromisoformat(z)) for region, day, a, z in LAW_HOURS],
        "law_holiday": [(region, date.fromisoformat(day)) for region, day in LAW_HOLIDAYS],
        "law_cap": [(region, count, timedelta(hours=hours)) for region, count, hours in LAW_CAPS],
        "topic": [(t["name"], t.get("state", "wanted"), t.get("channels", []), "critical" in t) for t in TOPICS],
        "rules": [(time.fromisoformat(QUIET["start"]), time.fromisoformat(QUIET["end"]), QUIET["channels"],
                   [date.fromisoformat(day) for day in QUIET["holidays"]], CRITICAL_PER_HOUR)],
        **_of_log(company),
    }  # fmt: skip
    for name, rows in tables.items():
        await connection.copy_records_to_table(name, records=rows, schema_name="judged", columns=_columns(name))


def _columns(table: str) -> list[str] | None:
    if table == "arrival":
        return ["n", "wall", "at", "channel", "address", "who", "mark", "provider", "cost", "nth", "returned"]
    return None


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _region(person: dict[str, Any]) -> str:
    return f"{person['country']}-{person['state']}" if "state" in person else person["country"]


def _addresses(person: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for kind, channel in (("email", "email"), ("phone", "sms")):
        if kind in person:
            yield channel, person[kind]
    if "webpush" in person:
        yield "push", _place("push", person["webpush"]["endpoint"])


def _place(channel: str, address: str) -> str:
    return "/push/" + address.rpartition("/push/")[2] if channel == "push" else address


def _of_log(company: Company) -> dict[str, list[tuple[Any, ...]]]:
    found: dict[str, list[tuple[Any, ...]]] = {
        name: [] for name in ("arrival", "knock", "optout", "dead", "opened")
    }  # fmt: skip
    walls, instants = [wall for wall, _ in company.clock], [at for _, at in company.clock]
    undelivered, returned = set(), set()
    with company.home.journal.path.open("rb") as file:
        for n, raw in enumerate(file):
            line = json.loads(raw)
            kind, channel = line["kind"], line.get("channel", "")
            address, wall = _place(channel, line.get("address", "")), line["wall"]
            if kind in BY_DOOR:
                found["knock"].append((n, wall, channel, address))
            if kind in RECEIVED:
                at = instants[place - 1] if (place := bisect_right(walls, wall)) else START
                found["arrival"].append((n, wall, at, channel, address, line))
            elif kind == "refused" and line["code"] in DEAD[channel]:
                found["dead"].append((wall, channel, address))
            elif kind == "bounce_sent" and line["code"] == 250:
                found["dead"].append((wall, channel, address))
                returned.add((channel, address))
            elif kind == "receipt_sent" and line["state"] == "bounce":
                found["dead"].append((wall, "email", line["address"]))
                returned.add(("email", line["address"]))
            elif kind in ("receipt_sent", "receipt_lost") and line["state"] == "UNDELIV":
                undelivered.add(("sms", address))
            elif kind == "sms_sent" and line["text"] == "STOP":
                found["optout"].append((wall, channel, address, True))
            elif kind == "unsubscribed" and line["status"] == 200:
                found["optout"].append((wall, channel, address, False))
            elif (kind == "complaint_sent" and line["code"] == 250) or (
                kind == "receipt_sent" and line["state"] == "spamreport"
            ):
                found["optout"].append((wall, "email", address, False))
            elif kind == "opened" and line.get("status") == 200:
                found["opened"].append((wall, channel, address, line["nth"]))
    gone = returned | undelivered
    found["arrival"] = [row for each in found["arrival"] if (row := _arrival(*each, gone)) is not None]
    return found


def _arrival(
    n: int, wall: float, at: datetime, channel: str, address: str, line: dict[str, Any], gone: set[tuple[str, str]]
) -> tuple[Any, ...] | None:
    """None: an answer to a STOP, which bears no mark."""
    mark = MARK.search(f"{line.get('subject', '')} {line.get('text', '')}")
    if mark is None:
        return None
    cost = UNITS[line["provider"]] * line.get("parts", 1)
    back = (channel, address) in gone
    return n, wall, at, channel, address, mark[2], mark[1], line["provider"], cost, line["nth"], back


def told(verdict: Verdict) -> Sequence[str]:
    """What a person should read of it."""
    lines = [
        f"{verdict.arrivals:,} messages arrived; {verdict.doubles} doubles, all under `silence`, of"
        f" {verdict.failed_over} notifications that failed over; {verdict.in_doubt} attempts are in doubt",
        f"violations: {sum(map(len, verdict.found.values()))}",
    ]
    for name, numbers in verdict.found.items():
        lines.append(f"  {name}: {len(numbers)}")
        lines += [f"    {example}" for example in verdict.examples[name][:3]]
    lines += [f"{name}: {n}" for name, n in verdict.notes.items()]
    if verdict.blind:
        lines.append(f"rules that do not see what was planted for them: {', '.join(verdict.blind)}")
    return lines
