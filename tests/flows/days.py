"""The seven days: who comes, what is said, what is sent, when."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from flows.cast import CAP, CRITICAL_PER_HOUR, QUIET, SEGMENTS, START, STARTS, STOPS, TOPICS, Aim, Customer, marked
from flows.week import Week


def prepare(week: Week) -> None:
    home = week.home
    home.habits(faults=[
        {"at": "smpp", "kind": "late_receipts", "share": 0.2, "delay_s": 0.4},
        {"at": "smpp", "kind": "duplicate_receipts", "share": 0.2, "times": 2},
    ])  # fmt: skip
    home.accounts()
    home.put("/settings", {
        "frequency_cap": CAP, "quiet_hours": QUIET, "critical_per_hour": CRITICAL_PER_HOUR, "timezone": "Europe/London",
    })  # fmt: skip
    for topic in TOPICS:
        home.put("/topics", topic)
    for name, rule in SEGMENTS:
        home.post("/segments", {"name": name, "rule": {"version": 1, "rule": rule}})
    home.post("/messages", marked("by api", "statements", "{{ mark }}"))
    question = {"email": {"subject": "Mark9999 Tips?", "blocks": [{"kind": "text", "text": "{{ confirm_url }}"}]}}
    home.post("/messages", {"name": "question", "topic": "tips", "locales": {"en": question}})
    week.aims["Mark9999"] = Aim("Mark9999", "question", "tips", "question", ("email",))
    for each in week.cast:
        week.register(each)
    week.flush()
    week.rest()


HOURS = (9, 12, 19, 15, 13, 11, 10)
CAMPAIGNS: Sequence[tuple[str, str, Sequence[str], float]] = (
    ("offers", "everybody", ("email", "sms", "push"), 0), ("newsletter", "everybody", ("sms", "email"), 0.2),
    ("offers", "everybody", ("sms",), 0), ("tips", "everybody", ("email",), 0),
    ("offers", "everybody", ("sms", "push"), 0), ("newsletter", "everybody", ("email", "sms"), 0),
    ("quiet topic", "everybody", ("email", "sms", "push"), 0),
)  # fmt: skip


SENT = (
    ("alert", "fraud"), ("alert", "offers"), ("code", ""), ("code", "fraud"), ("transactional", "statements"),
    ("transactional", "newsletter"),
)  # fmt: skip
"""Purpose and topic."""


def live(week: Week) -> None:
    prepare(week)
    for day in range(7):
        _morning(week, day)
        _campaign(week, day)
        _evening(week, day)


def _morning(week: Week, day: int) -> None:
    week.go(START + timedelta(days=day, hours=1))
    week.rest()
    some = week.draw.sample(week.cast, len(week.cast) // 4)
    present = [each for each in some if not each.gone]
    for each in present:
        week.browse(each)
        if week._by(0.5):
            week.buy(each)
    if day == 0:
        week.kiosk(present[:6])
    one, other, *rest = [each for each in present[6:] if {"mail", "phone"} <= each.has]
    week.family(one, other, "phone" if day % 2 else "email")
    if len(rest) > 3:
        week.recycle(rest[0], rest[1])
        week.same_mail_in_crm(rest[2])
    week.flush()
    week.rest()
    for _ in range(3):
        week.tick()
        for each in week.draw.sample(present, min(len(present), 8)):
            week.some_word(each)
    _staff(week, day, present)
    week.rest()


def _staff(week: Week, day: int, present: Sequence[Customer]) -> None:
    week.tick()
    free = [each for each in present if each.loner]
    if len(free) > 6:
        week.merge(free[0], free[1])
        week.merge(free[2], free[3])
    if day in (3, 5) and week.merged:
        week.rest()
        week.tick()
        week.unmerge(*week.merged[0 if day == 3 else 3])
    for n, each in enumerate(free[4:6]):
        week.erase(each, keep_counts=bool(n))
    back = [each for _, until, each in week.erased if each.gone and until == float("inf")]
    if day > 1 and back:
        week.comes_back(back[0])


def _campaign(week: Week, day: int) -> None:
    week.go(START.replace(hour=HOURS[day], minute=30) + timedelta(days=day))
    week.rest()
    topic, segment, channels, pilot = CAMPAIGNS[day]
    number = week.campaign(f"day {day}", topic, segment, channels, pilot=pilot)
    for each in week.draw.sample([each for each in week.cast if not each.gone], 8):
        week.texts(each, week.draw.choice(STOPS))
    week.tick()
    for each in week.draw.sample([each for each in week.cast if not each.gone], 6):
        week.some_word(each)
    week.rest()
    if pilot:
        week.home.wait_for(number, "pilot_done", within_s=20)
        week.home.post(f"/campaigns/{number}/shift", {"channel": "email", "share": "rest"})
        week.rest()


def _evening(week: Week, day: int) -> None:
    week.go(START + timedelta(days=day, hours=14))
    week.rest()
    present = [each for each in week.cast if not each.gone]
    few: list[tuple[Callable[[Customer], None], int]] = [
        (lambda each: week.acts(each, "unsubscribe"), 4), (lambda each: week.acts(each, "complain"), 1),
        (lambda each: week.acts(each, "open"), 3), (lambda each: week.texts(each, week.draw.choice(STARTS)), 3),
        (lambda each: week.texts(each, "2"), 2), (lambda each: week.asks_tips(each, confirms=week._by(0.6)), 3),
        (lambda each: week.visits_centre(each, "save"), 2), (lambda each: week.visits_centre(each, "stop"), 1),
    ]  # fmt: skip
    for do, n in few:
        week.tick()
        for each in week.draw.sample(present, n):
            do(each)
    week.tick()
    week.rest()
    for each in week.draw.sample(present, min(10, len(present))):
        week.send(each, *week.draw.choice(SENT))
    for _ in range(CRITICAL_PER_HOUR + 2):
        week.send(present[day], "code", "")
    week.rest()
