"""The same facts, verdicts and words once more, in another order, to a fresh installation; and what it knows then."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from flows.cast import SEGMENTS, TOPICS, Word
from flows.house import House, until
from flows.week import Week
from flows.witness import Witness

Name = tuple[str, str]
Known = dict[str, Any]


def tell_again(week: Week, home: House, *, seed: int) -> None:
    """Facts shuffled, then what was said, shuffled, too: both carry their own times. Verdicts and texts have none and
    come in the order in which they were given. An un-merge says of all that is known of a person then that it is or is
    not theirs: so it comes after the facts that it came after, and before those that it came before."""
    draw = random.Random(seed)
    home.post("/sandbox/clock", {"set": (week.now + timedelta(minutes=1)).isoformat()})
    for topic in TOPICS:
        home.put("/topics", topic)
    for name, rule in SEGMENTS:
        home.post("/segments", {"name": name, "rule": {"version": 1, "rule": rule}})
    words = [word for word in week.words if not word.forgotten]
    told = 0
    for verdict in [word for word in words if word.kind in ("merge", "unmerge")]:
        if verdict.kind == "unmerge":
            _facts(week, home, draw, told, verdict.known)
            told = verdict.known
        elif told < verdict.known:
            known = min(
                (each.known for each in words if each.kind == "unmerge" and each.known >= verdict.known),
                default=len(week.facts),
            )
            _facts(week, home, draw, told, known)
            told = known
        home.post("/sandbox/clock", {"advance": "1s"})
        home.post(f"/profiles/{verdict.who}/{verdict.kind}", verdict.body)
    _facts(week, home, draw, told, len(week.facts))
    instants: dict[datetime, list[Word]] = defaultdict(list)
    for word in words:
        if word.kind == "consent":
            instants[word.at].append(word)  # of what was said at one instant, the later word counts: it stays in order
    for at in draw.sample(sorted(instants), len(instants)):
        for word in instants[at]:
            home.post(f"/profiles/{word.who}/consents", {"at": at.isoformat(), **word.body})
    for word in words:
        if word.kind == "sms":
            _text(home, word)
    home.settle()


def _facts(week: Week, home: House, draw: random.Random, first: int, end: int) -> None:
    calls = [fact.call for fact in week.facts[first:end] if not fact.forgotten]
    draw.shuffle(calls)
    home.batch(calls)
    home.settle()


def _text(home: House, word: Word) -> None:
    until(
        lambda: home.outside.post("/world/act", json=word.body).status_code, {200}.__contains__, within_s=10, what="it"
    )


def what_is_known(witness: Witness, home: House, leave_out: frozenset[Name]) -> Known:
    """By the names of people, not by their numbers. `leave_out`: whoever has one of these is not compared."""
    names: dict[int, set[Name]] = defaultdict(set)
    for row in witness.rows("SELECT kind, value, profile_id FROM identifier"):
        names[row["profile_id"]].add((row["kind"], _stable(row["value"])))
    people = {number: frozenset(found) for number, found in names.items() if not found & leave_out}
    return {
        "people": set(people.values()),
        "shared": {(row["kind"], row["value"]) for row in witness.rows("SELECT * FROM identifier WHERE shared")},
        "traits": _by_person(people, witness, "SELECT id AS p, traits AS v FROM profile", _traits),
        "events": _by_person(people, witness, EVENTS, _several),
        "sums": _by_person(people, witness, SUMS, _several),
        "preferences": _by_person(people, witness, PREFERENCES, _several),
        "opt-outs": {
            row["value"]: row["scope"]
            for row in witness.rows("SELECT * FROM opt_out WHERE channel = 'sms'")
            if ("phone", row["value"]) not in leave_out
        },
        "members": {name: _members(home, name, leave_out) for name, _ in SEGMENTS},
    }


OURS = "n.name IN ('Product Viewed', 'App Opened', 'Order Completed', 'Kiosk', 'Called')"
EVENTS = f"""SELECT profile_id AS p, n.name || ' ' || e.at || coalesce(e.properties::text, '') AS v
             FROM event e JOIN event_name n ON n.id = e.name_id WHERE {OURS}"""
SUMS = f"""SELECT profile_id AS p, concat_ws(' ', n.name, s.count, s.first_at, s.last_at) AS v
           FROM event_sum s JOIN event_name n ON n.id = s.name_id WHERE {OURS}"""
PREFERENCES = """SELECT profile_id AS p, concat_ws('|', topic, channel, address, coalesce(state, '-'), basis, confirmed,
                   coalesce(expires_at::text, '-'), coalesce(paused_until::text, '-'), coalesce(limit_count::text, '-'),
                   coalesce(limit_s::text, '-')) AS v FROM preference"""


def _by_person(people: Mapping[int, frozenset[Name]], witness: Witness, sql: str, fold: Any) -> Known:
    found: dict[frozenset[Name], list[Any]] = defaultdict(list)
    for row in witness.rows(sql):
        if row["p"] in people:
            found[people[row["p"]]].append(row["v"])
    return {str(sorted(person)): fold(values) for person, values in found.items()}


def _several(values: list[Any]) -> list[Any]:
    return sorted(values)


def _traits(values: list[Any]) -> Any:
    (traits,) = values
    return {name: value for name, value in json.loads(traits).items() if name != "webpush"}


def _stable(value: str) -> str:
    """A push endpoint without the port, which is another in each house."""
    return "/push/" + value.rpartition("/push/")[2] if "/push/" in value else value


def _members(home: House, segment: str, leave_out: frozenset[Name]) -> set[str]:
    out = {value for kind, value in leave_out if kind == "external_id"}
    return home.members(segment) - out


def differences(one: Known, other: Known) -> list[str]:
    """Of each part, what only one of the two has."""
    found = []
    for part in one:
        if isinstance(one[part], dict):
            keys = sorted(set(one[part]) | set(other[part]))
            found += [
                f"{part} of {key}: {one[part].get(key)} | {other[part].get(key)}"
                for key in keys
                if one[part].get(key) != other[part].get(key)
            ]
        else:
            found += [f"{part} of the first alone: {sorted(each)}" for each in one[part] - other[part]]
            found += [f"{part} of the second alone: {sorted(each)}" for each in other[part] - one[part]]
    return found
