"""A month of that company, step by step: campaigns that overlap, wishes that change meanwhile, codes, faults."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from flows.company import CHANNELS, SEGMENTS, SPOKEN_OF, START, Aim, Company, written
from flows.house import answered

HABITS: dict[str, Any] = {
    "open": 0.3, "click": {"email": 0.2, "sms": 0.1, "push": 0.1}, "buy": 0.2, "unsubscribe": 0.004, "complain": 0.001,
    "stop": 0.006, "reply": {"email": 0.004, "sms": 0.01}, "away": 0.01, "dead": 0.02, "undelivered": 0.02,
    "shown": 0.95, "latency_scale": 1.0,
}  # fmt: skip
ALWAYS: Sequence[dict[str, Any]] = (
    {"at": "smpp", "kind": "late_receipts", "share": 0.1, "delay_s": 0.5},
    {"at": "smpp", "kind": "duplicate_receipts", "share": 0.1},
    {"at": "smpp", "kind": "reordered_receipts", "share": 0.1},
    {"at": "mail:0", "kind": "duplicate_receipts", "share": 0.2},
    {"at": "mail:0", "kind": "reordered_receipts", "share": 0.2},
    {"at": "push", "kind": "gone", "share": 0.04},
    {"at": "smtp", "kind": "reject_addresses", "share": 0.01},
    {"at": "*", "kind": "swallow", "share": 0.01},
)
BY_DAY: Sequence[Sequence[dict[str, Any]]] = (
    (),
    ({"at": "smtp:0", "kind": "outage", "from_s": 0.5, "for_s": 3},),
    ({"at": "smpp:0", "kind": "throttle", "share": 0.2, "for_s": 5},),
    ({"at": "smpp:0", "kind": "outage", "from_s": 0.5, "for_s": 3},),
    ({"at": "smtp:0", "kind": "drop_after_data", "share": 0.01},),
    ({"at": "smpp", "kind": "lost_receipts", "share": 0.3}, {"at": "mail:0", "kind": "late_receipts", "delay_s": 1}),
    ({"at": "push", "kind": "slow", "share": 0.05, "delay_s": 0.3}, {"at": "push", "kind": "outage", "for_s": 3}),
)
"""In turn; for the first campaign of the day."""
HOURS = (6, 8.5, 12, 17.25, 22.75)


def live(
    company: Company, days: int, *, speakers: int, callers: int, every: int = 1, tell: Callable[[str], None] = print
) -> None:
    """`every`: on each so-manieth day there are campaigns; people speak and programs ask on all of them."""
    company.open()
    _speak(company, speakers * 4)
    for day in range(days):
        begun = time.monotonic()
        for hour in HOURS:
            _go(company, company.at(day, hour))
            _script(company, day if hour == 8.5 else None)
            for plan in PLANS.get(hour, ()) if day % every == 0 else ():
                plan(company, day)
            _speak(company, speakers)
            _call(company, callers)
            _rest(company)
        _tiers(company, day)
        tell(
            f"day {day + 1}: {time.monotonic() - begun:.0f} s, {len(company.aims)} messages, {len(company.said)} words"
        )
    _go(company, company.at(days, 12) + timedelta(days=4))  # what waits for its hour or its turn ends
    _rest(company)


def _go(company: Company, to: datetime) -> None:
    if to <= company.now:
        return
    company.clock.append((time.time(), to))
    company.home.post("/sandbox/clock", {"set": to.isoformat()})
    company.now = to


def _rest(company: Company) -> None:
    company.home.settle(within_s=1_800)


def _script(company: Company, day: int | None) -> None:
    today = () if day is None else BY_DAY[day % len(BY_DAY)]
    answered(company.home.outside.post("/world/faults", json={"faults": [*ALWAYS, *today], "habits": HABITS}))


# what people say


def _speak(company: Company, n: int) -> None:
    """Each of them one thing, all at the same time, while whatever runs runs."""
    some = company.draw.sample(company.people, min(n, company.size))
    words = [_word(company) for _ in some]
    list(company.pool.map(lambda pair: _say(company, *pair), zip(some, words, strict=True)))


def _word(company: Company) -> dict[str, Any]:
    draw = company.draw
    if draw.random() < 0.1:
        until = company.now + timedelta(hours=draw.choice((20, 60)))
        return {"topic": "*", "channel": "*", "state": "paused", "until": until.isoformat()}
    channel = draw.choice((*CHANNELS, *CHANNELS, "*"))
    return {"topic": draw.choice(SPOKEN_OF), "channel": channel, "state": draw.choice(("wanted", "unwanted"))}


def _say(company: Company, person: dict[str, Any], word: dict[str, Any]) -> None:
    sent = time.time()
    company.home.put(f"/profiles/external_id:{person['id']}/preferences", word)
    until = datetime.fromisoformat(word["until"]) if "until" in word else None
    company.said.append((sent, time.time(), person["id"], word["topic"], word["channel"], word["state"], until))


def _tiers(company: Company, day: int) -> None:
    """Some rise and some fall, at a quiet moment."""
    if day == 0:
        company.tiers += [(0.0, person["id"], person["tier"]) for person in company.people]
    some = company.draw.sample(company.people, max(company.size // 100, 3))
    calls = []
    for person in some:
        person["tier"] = "free" if person["tier"] == "gold" else "gold"
        calls.append({"type": "identify", "userId": person["id"], "traits": {"tier": person["tier"]}})
    company.home.batch(calls)
    _rest(company)
    company.tiers += [(time.time(), person["id"], person["tier"]) for person in some]


# what programs ask for

CALLS = (("code", "security"), ("alert", "security"), ("transactional", "statements"), ("transactional", "coupons"))


def _call(company: Company, n: int) -> None:
    if not any(aim.purpose == "code" for aim in company.aims.values()):
        company.home.post("/messages", written("by api", "statements", "{{ mark }}"))
    some = company.draw.sample(company.people, min(n, company.size))
    asked = [(person, *company.draw.choice(CALLS)) for person in some]
    asked += [(some[0], "code", "security")] * 5  # more than may pass
    aims = [_called(company, person, purpose, topic) for person, purpose, topic in asked]
    list(company.pool.map(lambda aim: _ask(company, aim), aims))


def _called(company: Company, person: dict[str, Any], purpose: str, topic: str) -> Aim:
    ends = {"code": timedelta(minutes=15), "alert": timedelta(hours=8)}.get(purpose)
    aim = Aim(company.mark(), purpose, topic, CHANNELS, who=person["id"])
    aim.failover = "silence" if ends else "definite"
    aim.expires_at = company.now + ends if ends else None
    company.aims[aim.mark] = aim
    return aim


def _ask(company: Company, aim: Aim) -> None:
    body = {
        "message": "by api", "to": {"kind": "external_id", "value": aim.who}, "purpose": aim.purpose,
        "topic": aim.topic, "idempotency_key": aim.mark, "variables": {"mark": aim.mark},
    }  # fmt: skip
    if aim.expires_at:
        body["expires_in"] = "15m" if aim.purpose == "code" else "8h"
    for _ in range(2):  # whoever asks twice asks once
        answer = company.home.api.post("/send", json=body)
        if answer.status_code == 429:
            company.refused += 1
            return
        assert answer.status_code == 202, answer.text


# what the company sends


def _launch(
    company: Company, topic: str, segment: str, channels: Sequence[str], *, message: Any = None, **plan: Any
) -> tuple[Aim, str]:
    aim = Aim(company.mark(), "campaign", topic, tuple(channels), groups=SEGMENTS.get(segment))
    company.aims[aim.mark] = aim
    aim.budget, aim.cost_max = plan.get("budget"), plan.get("cost_max")
    aim.no_staff = "staff" in plan.get("exclude", ())
    if message and "eligible" in message:
        aim.no_gold = "gold" in message["eligible"].get("not_in", ())
        aim.discount = message["eligible"].get("better_than", {}).get("value")
    if local := plan.get("send_at", {}).get("local"):
        aim.local_at = datetime.fromisoformat(local)
    if "launch_at" in plan:
        aim.not_before = datetime.fromisoformat(plan["launch_at"])
    if "expires_in" in plan:
        aim.expires_at = company.now + timedelta(hours=int(plan["expires_in"].removesuffix("h")))
    if "follow" in plan:
        aim.follows = plan["follow"]["campaign"].removeprefix("campaign ")
    company.home.post("/messages", written(aim.mark, topic, aim.mark, **(message or {})))
    number = company.home.launch(
        name=f"campaign {aim.mark}", message=aim.mark, segment=segment, channels=list(channels), **plan
    )
    return aim, number


def _news(company: Company, day: int) -> None:
    _launch(company, "news", ("all", "half")[day % 2], ("email", "push"), exclude=["staff"])


def _coupons(company: Company, day: int) -> None:
    plan: dict[str, Any] = {"priority": 5}
    if day % 3 == 1:
        plan["budget"] = round(company.size * 0.003, 2)
    if day % 3 == 2:
        plan["cost_max"] = 0.05
    message = {"eligible": {"better_than": {"trait": "discount", "value": 20}}} if day % 2 else None
    _launch(company, "coupons", ("deals", "half")[day % 2], CHANNELS, message=message, **plan)


def _third(company: Company, day: int) -> None:
    """Another kind of campaign each day, over the same people."""
    match day % 7:
        case 0:
            nine = (company.now + timedelta(days=1)).replace(hour=9, minute=0, tzinfo=None)
            _launch(company, "tips", "half", ("email",), send_at={"local": nine.isoformat(timespec="minutes")})
        case 1:
            _launch(company, "news", "few", ("sms", "push"), message={"eligible": {"not_in": ["gold"]}})
        case 2:
            _launch(company, "surveys", "all", ("email", "sms"), expires_in="6h")
        case 3:
            last = next(
                m for m, aim in reversed(company.aims.items()) if aim.purpose == "campaign" and not aim.local_at
            )
            _launch(
                company, company.aims[last].topic, "deals", ("sms",),
                follow={"campaign": f"campaign {last}", "unless": "opened"},
            )  # fmt: skip
        case 4:
            at = (company.now + timedelta(hours=5)).isoformat()
            _launch(company, "news", "deals", CHANNELS, launch_at=at, exclude=["staff"], priority=-3)
        case 5:
            _paused(company)
        case _:
            _launch(company, "coupons", "few", ("sms", "email"), throttle={"per_minute": max(company.size // 50, 10)})


def _paused(company: Company) -> None:
    """Paused and resumed while it leaves; another is cancelled."""
    for end in ("resume", "cancel"):
        aim, number = _launch(company, "news", "few", CHANNELS)
        if end == "resume":
            company.home.post(f"/campaigns/{number}/pause")
            from_wall = time.time()
            time.sleep(1.3)
            company.stops.append((aim.mark, from_wall, time.time()))
            company.home.api.post(f"/campaigns/{number}/resume")
        else:
            answer = company.home.api.post(f"/campaigns/{number}/cancel")
            if answer.status_code == 200:
                company.stops.append((aim.mark, time.time(), float("inf")))


def _evening(company: Company, day: int) -> None:
    if day % 2:
        _launch(company, "coupons", "few", ("sms", "push"), priority=day % 5)


PLANS: dict[float, Sequence[Any]] = {8.5: (_news, _coupons), 12: (_third,), 22.75: (_evening,)}
assert START.hour < HOURS[0]
