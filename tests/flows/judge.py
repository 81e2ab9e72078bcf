"""Was anybody told what they should not have been? Judged from what arrived, and from what was said and when.

Nothing of the product is imported: the rules stand here a second time, in another form. Each message that the world
received is looked at with what was certainly in force (acknowledged more than a second before) and with all that may
have been; it is a violation where it breaks a rule by both, for all holders of its address, before and after. So late
acknowledgements and merges under way are no false alarms, and whatever is reported is wrong by any reading.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from flows.cast import CAP, CRITICAL_PER_HOUR, TOPICS
from flows.evidence import CERTAIN_S, Arrival, Evidence, Row, Trial
from flows.journal import Line
from flows.judge_hours import laws, lives, quiet
from flows.judge_wishes import Key, covers, refusal
from flows.witness import Look

KNOWN = {topic["name"]: topic for topic in TOPICS}


@dataclass(frozen=True)
class Violation:
    rule: str
    line: Line
    why: str


def judge(lines: Iterable[Line], evidence: Evidence) -> list[Violation]:
    return list(violations(Trial(lines, evidence)))


def violations(trial: Trial) -> Iterator[Violation]:
    for each in trial.arrivals:
        looks = trial.around(each)
        for rule, check in CHECKS.items():
            found = [check(trial, each, look) for look in looks]
            if all(found):
                yield Violation(rule, each.line, f"{each.aim.mark} {each.aim.source}: {found[0]}")


# each rule answers with the reason why a message breaks it, or with nothing


def opted_out(trial: Trial, each: Arrival, _look: Look) -> str:
    """An address that said no to it. Only the confirmation itself passes."""
    if each.aim.purpose == "system":
        return ""
    rows = trial.scopes_of(each.channel, each.address)
    scopes = [address_scope([row for row in rows if row["n"] <= newest]) for newest in trial.both(each)]
    if all(scope == "everything" or (scope == "marketing" and each.aim.purpose == "campaign") for scope in scopes):
        return f"the address is opted out of {scopes[0]}"
    return ""


def address_scope(rows: Iterable[Row]) -> str | None:
    scope: str | None = None
    for row in rows:
        if row["state"] == "unwanted":
            scope = "everything" if "everything" in (scope, row["scope"]) else "marketing"
        elif row["scope"] == "everything" or scope == "marketing":
            scope = None
    return scope


def against_a_wish(trial: Trial, each: Arrival, look: Look) -> str:
    topic = KNOWN.get(each.aim.topic, {"name": each.aim.topic})
    if is_urgent(each) or each.aim.purpose in ("system", "question"):
        return ""
    reasons = [
        [
            refusal([row for row in said if row["n"] <= newest], topic, each.channel, each.address, each.product)
            for newest in trial.both(each)
        ]
        for person in trial.holders(look, each.channel, each.address)
        for said in [trial.said_by(look, person)]
    ]
    return "; ".join(found[0] for found in reasons) if reasons and all(all(found) for found in reasons) else ""


def in_quiet_hours(trial: Trial, each: Arrival, look: Look) -> str:
    if each.aim.purpose != "campaign" or each.channel == "email":
        return ""
    found = [quiet(look, person, each) for person in trial.holders(look, each.channel, each.address)]
    return "; ".join(found) if found and all(found) else ""


def to_somebody_erased(trial: Trial, each: Arrival, look: Look) -> str:
    for gone, back, addresses in trial.evidence.erased:
        is_theirs = each.address in addresses and not trial.holders(look, each.channel, each.address)
        if is_theirs and gone + CERTAIN_S < each.wall < back:
            return "they were erased"
    return ""


def only_holder(trial: Trial, each: Arrival, look: Look) -> int | None:
    people = trial.holders(look, each.channel, each.address)
    return next(iter(people)) if len(people) == 1 else None


def before(trial: Trial, each: Arrival, look: Look) -> list[Arrival]:
    """What the same person got before it."""
    person = only_holder(trial, each, look)
    found = [] if person is None else trial.arrived_at(look, person, until=each.wall)
    return [other for other in found if other is not each]


def twice(trial: Trial, each: Arrival, look: Look) -> str:
    if each.aim.purpose != "campaign":
        return ""
    for other in trial.of_mark(each.aim.mark):
        if other.wall < each.wall and (other.channel, other.address) == (each.channel, each.address):
            return "this address had it"
    same = [other for other in before(trial, each, look) if other.aim.mark == each.aim.mark]
    return f"this person had it at {same[0].address}" if same else ""


def had(trial: Trial, each: Arrival, look: Look, within: timedelta) -> list[Arrival]:
    """Campaign messages that the same person got in the period before it."""
    found = before(trial, each, look)
    return [other for other in found if other.aim.purpose == "campaign" and other.product > each.product - within]


def over_the_cap(trial: Trial, each: Arrival, look: Look) -> str:
    if each.aim.purpose != "campaign":
        return ""
    told = had(trial, each, look, timedelta(seconds=CAP["within_s"]))
    if len(told) >= CAP["count"]:
        return f"{len(told)} before it in the period of the cap"
    if each.channel == "sms":
        for person in trial.holders(look, each.channel, each.address):
            for region in lives(look, person)[1]:
                for law in laws(region, each.product.date()):
                    within = timedelta(hours=law.get("hours", 0))
                    texts = [other for other in had(trial, each, look, within) if other.channel == "sms"]
                    if "count" in law and len(texts) >= law["count"]:
                        return f"{len(texts)} before it by the law of {region}"
    return ""


def over_their_own_limit(trial: Trial, each: Arrival, look: Look) -> str:
    if each.aim.purpose != "campaign":
        return ""
    person = only_holder(trial, each, look)
    return "" if person is None else _over(trial, each, look, person)


def _over(trial: Trial, each: Arrival, look: Look, person: int) -> str:
    broken = []
    for newest in trial.both(each):
        limits: dict[Key, tuple[int | None, float | None]] = {}
        for row in trial.said_by(look, person):
            if row["state"] == "limited" and row["n"] <= newest:
                key = row["topic"], row["channel"], ""
                if row["limit_count"] is None:
                    limits = {other: limit for other, limit in limits.items() if not covers(row, other)}
                limits[key] = row["limit_count"], row["limit_s"]
        broken.append(
            [
                key
                for key, (count, within) in limits.items()
                if count is not None
                and within is not None
                and _meets(key, each)
                and sum(_meets(key, other) for other in had(trial, each, look, timedelta(seconds=within))) >= count
            ]
        )
    return f"more than they asked for: {broken[0]}" if all(broken) else ""


def _meets(key: Key, each: Arrival) -> bool:
    return key[0] in ("*", each.aim.topic) and key[1] in ("*", each.channel)


def too_many_urgent(trial: Trial, each: Arrival, look: Look) -> str:
    if not is_urgent(each):
        return ""
    last = [other for other in before(trial, each, look) if other.product > each.product - timedelta(hours=1)]
    marks = {other.aim.mark for other in last if is_urgent(other)} - {each.aim.mark}
    return f"{len(marks)} before it in an hour" if len(marks) >= CRITICAL_PER_HOUR else ""


def is_urgent(each: Arrival) -> bool:
    """One of those that pass wishes."""
    critical = not each.aim.topic or KNOWN.get(each.aim.topic, {}).get("critical", False)
    return each.aim.purpose in ("code", "alert") and bool(critical)


def to_somebody_else(trial: Trial, each: Arrival, look: Look) -> str:
    """A message for one customer at an address that no number of theirs has."""
    if each.aim.to is None:
        return ""
    name = ("external_id", f"w{each.aim.to}")
    target = {row["profile_id"] for row in look.identifiers if (row["kind"], row["value"]) == name}
    reached = trial.holders(look, each.channel, each.address)
    return f"it was for w{each.aim.to}" if target and reached and not target & reached else ""


def off_its_channels(_trial: Trial, each: Arrival, _look: Look) -> str:
    return "" if each.channel in each.aim.channels else f"it was for {each.aim.channels}"


CHECKS = {
    "opted out": opted_out, "against a wish": against_a_wish, "quiet hours": in_quiet_hours,
    "erased": to_somebody_erased, "twice": twice, "over the cap": over_the_cap, "over a limit": over_their_own_limit,
    "too many urgent": too_many_urgent, "somebody else": to_somebody_else, "other channel": off_its_channels,
}  # fmt: skip
