"""Stories 3 and 16: which channel is best for this person, learned from what they did; and what is usual and lawful
where they live. Judged by what the world received."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from flows.house import House, house
from flows.samples import mail_of, message, user

BY_PHONE, BY_MAIL = range(4_001, 4_025), range(4_025, 4_049)
LESSONS = 6
FRIDAY_HOLIDAY = datetime(2026, 5, 8, 10, tzinfo=UTC)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house of its own: time goes to days that others do not expect."""
    with house(tmp_path_factory.mktemp("channels"), start="2026-05-05T12:00:00Z") as opened:
        opened.habits()
        opened.accounts()
        yield opened


def segment(home: House, name: str) -> None:
    home.post("/segments", {"name": name, "rule": {"trait": "circle", "op": "eq", "value": name}})


def test_who_answers_texts_gets_texts_and_who_answers_mail_gets_mail(home: House) -> None:
    """Six messages on each channel; half of them click in texts alone, half in mails alone."""
    numbers = [*BY_PHONE, *BY_MAIL]
    home.persons(numbers, "email", "sms", circle="learned")
    segment(home, "learned")
    for lesson in range(LESSONS):
        for channel in ("email", "sms"):
            name = f"lesson {lesson} by {channel}"
            home.post("/messages", message(name, topic="lessons"))
            home.wait_for(home.launch(name=name, message=name, segment="learned", channels=[channel]), "done")
            home.settle()
            for number in BY_PHONE if channel == "sms" else BY_MAIL:
                home.act(number, "click", channel=channel)
    home.settle()
    home.post("/messages", message("the exam", topic="lessons"))
    home.wait_for(home.launch(name="exam", message="the exam", segment="learned", channels=["email", "sms"]), "done")
    home.settle()
    got = home.journal.channels_of("the exam")
    assert {number: len(channels) for number, channels in got.items()} == dict.fromkeys(numbers, 1)
    right = sum(got[number] == ["sms"] for number in BY_PHONE) + sum(got[number] == ["email"] for number in BY_MAIL)
    assert right >= 0.9 * len(numbers), Counter((n in BY_PHONE, c) for n, [c] in got.items())
    [told] = [n for n in home.command("why", f"external_id:{user(BY_PHONE[0])}") if n["source"] == "exam"]
    scores = {option["channel"]: option["score"] for option in told["decision"]["options"]}
    assert scores["sms"] > 2 * scores["email"] > 0
    assert told["decision"]["because"]


PLACES: dict[int, tuple[str, dict[str, Any]]] = {
    4_101: ("+12122004101", {"country": "US", "timezone": "America/New_York"}),
    4_102: ("+33612004102", {"country": "FR", "timezone": "Europe/Paris"}),
    4_103: ("+447402004103", {"country": "GB", "timezone": "Europe/London"}),
    4_104: ("+34612004104", {"country": "ES", "timezone": "Europe/Madrid"}),
}


@pytest.fixture
def abroad(home: House) -> Iterator[House]:
    """People in four countries; senders of two of them; a company that is quiet at night."""
    before = home.get("/settings")
    people = [
        {"type": "identify", "userId": user(n), "traits": {"phone": phone, "circle": "abroad", **place}}
        for n, (phone, place) in PLACES.items()
    ]
    home.batch(people)
    home.put("/settings", {
        "quiet_hours": {"start": "21:00", "end": "08:00"},
        "senders": {"US": {"sms": "+12025550123"}, "GB": {"sms": "LARKSPUR"}},
    })  # fmt: skip
    yield home
    home.put("/settings", {name: before[name] for name in ("quiet_hours", "senders")})


def test_hours_holidays_and_senders_are_those_of_the_country(abroad: House) -> None:
    """At noon in Paris on a French holiday: Spain and Britain get it, France on Saturday at ten, New York when it is
    eight there."""
    home = abroad
    name = "around the world"
    segment(home, "abroad")
    home.post("/messages", message(name, topic=name))
    home.post("/sandbox/clock", {"set": FRIDAY_HOLIDAY.isoformat()})
    campaign = home.launch(name=name, message=name, segment="abroad", channels=["sms"])
    home.settle()
    came: dict[str, set[int]] = {"10:00": set(home.journal.channels_of(name))}
    for instant in ("2026-05-08T11:59:00Z", "2026-05-08T12:01:00Z", "2026-05-09T07:59:00Z", "2026-05-09T08:01:00Z"):
        home.post("/sandbox/clock", {"set": instant})
        home.settle()
        came[instant[8:16]] = set(home.journal.channels_of(name)) - set().union(*came.values())
    assert came == {
        "10:00": {4_103, 4_104}, "08T11:59": set(), "08T12:01": {4_101}, "09T07:59": set(), "09T08:01": {4_102},
    }  # fmt: skip
    home.wait_for(campaign, "done")
    senders = {int(line["person"][1:]): line["sender"] for line in home.journal.received(name)}
    usual = home.get("/settings")["sender_sms"]
    assert {n: sender.lstrip("+") for n, sender in senders.items()} == {
        4_101: "12025550123", 4_102: usual, 4_103: "LARKSPUR", 4_104: usual,
    }  # fmt: skip


def test_nobody_is_told_by_mail_what_only_texts_may_not_wait_for(abroad: House) -> None:
    """A channel that may be used now goes before one that must wait: the mail leaves on the holiday."""
    home, name = abroad, "by either"
    home.batch([{"type": "identify", "userId": user(4_102), "traits": {"email": mail_of(4_102), "circle": name}}])
    segment(home, name)
    home.post("/messages", message(name, topic=name))
    now = datetime.fromisoformat(home.get("/sandbox/clock")["now"])
    home.post("/sandbox/clock", {"set": max(now, datetime(2026, 5, 14, 10, tzinfo=UTC)).isoformat()})
    home.wait_for(home.launch(name=name, message=name, segment=name, channels=["sms", "email"]), "done")
    home.settle()
    assert home.journal.channels_of(name) == {4_102: ["email"]}
