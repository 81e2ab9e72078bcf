"""Stories 1 and 15 by mail: what people and machines write back, through real SMTP, judged by the world's log."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from flows.house import House, house, until
from flows.mail import exchanger, mail_api
from flows.samples import mail_of, message, user

FIRST = 3_001


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("mail"), mail=True) as opened:
        opened.habits()
        opened.accounts()
        exchanger(opened)
        yield opened


def told(home: House, number: int, *channels: str, name: str) -> None:
    """They get this message, as something they bought."""
    home.person(number, *channels, circle=name)
    home.post("/messages", message(name, topic=name))
    to = {"kind": "external_id", "value": user(number)}
    home.post("/send", {"message": name, "to": to, "purpose": "transactional", "idempotency_key": f"{name}-{number}"})
    home.settle()
    assert home.journal.received(name)


def segment(home: House, name: str) -> None:
    home.post("/segments", {"name": name, "rule": {"trait": "circle", "op": "eq", "value": name}})


def events_of(home: House, number: int) -> list[str]:
    return [row["name"] for row in home.pages(f"/profiles/external_id:{user(number)}/events", "events")]


def test_an_answer_by_mail_is_on_the_persons_timeline(home: House) -> None:
    """What they wrote, without the quoted mail; and it is no opt-out."""
    told(home, FIRST, "email", name="your order")
    home.act(FIRST, "reply", channel="email", text="When does it come? Please stop by on Friday.")
    until(lambda: events_of(home, FIRST), lambda found: "Email Replied" in found, within_s=10, what="the answer")
    [sent] = home.journal.lines("mail_sent")
    assert (sent["to"], sent["code"]) == ("hello@shop.example", 250)
    home.settle()
    assert home.get(f"/profiles/external_id:{user(FIRST)}/consents")["consents"] == []


def test_an_answer_of_the_absent_is_neither_an_answer_nor_an_opt_out(home: House) -> None:
    told(home, FIRST + 1, "email", name="a receipt")
    home.act(FIRST + 1, "away")
    home.settle()
    assert [line["code"] for line in home.journal.lines("away_sent")] == [250]
    assert "Email Replied" not in events_of(home, FIRST + 1)


@pytest.mark.parametrize(
    ("do", "text"), [("complain", ""), ("stop", "Unsubscribe")], ids=["by the desk of complaints", "by an answer"]
)
def test_who_wants_no_more_by_mail_gets_none_a_second_later(home: House, do: str, text: str) -> None:
    """With a campaign under way and theirs in the queue."""
    numbers = list(range(FIRST + 100, FIRST + 160)) if do == "stop" else list(range(FIRST + 200, FIRST + 260))
    name = f"offers before a {do}"
    home.persons(numbers, "email", circle=name)
    segment(home, name)
    home.post("/messages", message(name, topic=name))
    home.post("/messages", message(f"flood {name}", topic=name))
    campaign = home.launch(name=name, message=name, segment=name, channels=["email"])
    home.wait_for(campaign, "done")
    home.settle()
    with home.paced("email", per_second=8):
        campaign = home.launch(
            name=f"flood {name}",
            message=f"flood {name}",
            segment=name,
            channels=["email"],
            stop_above={"complaints": None, "opt_outs": None},
        )
        until(lambda: home.journal.received(f"flood {name}"), bool, within_s=10, what="the first to leave")
        had = set(home.journal.channels_of(f"flood {name}"))
        leaving = [number for number in numbers if number not in had][::2][:20]
        acknowledged = {}
        for number in leaving:
            home.act(number, do, channel="email", **({"text": text} if text else {}))
            acknowledged[number] = time.time()
        home.wait_for(campaign, "done")
        home.settle()
    got = {int(line["person"].removeprefix("c")): line["wall"] for line in home.journal.received(f"flood {name}")}
    assert {number: got[number] for number in leaving if got.get(number, 0) > acknowledged[number] + 1.0} == {}
    spared = set(leaving) - set(got)
    assert len(spared) >= len(leaving) // 2, "hardly anybody's word came before their message: this proves nothing"
    ledger = home.get(f"/profiles/external_id:{user(min(spared))}/consents")["consents"]
    assert [(row["state"], row["channel"], row["address"]) for row in ledger] == [
        ("unwanted", "email", mail_of(min(spared)))
    ], "without proof"


@pytest.mark.parametrize("why", ["dead", "full"])
def test_a_mail_that_comes_back_later(home: House, why: str) -> None:
    """Taken at the door and returned, in one of three forms: the next channel starts; a dead address is left alone."""
    numbers = list(range(FIRST + 300, FIRST + 309)) if why == "dead" else list(range(FIRST + 400, FIRST + 409))
    name = f"to a {why} mailbox"
    home.persons(numbers, "email", "sms", circle=name)
    segment(home, name)
    for each in (name, f"{name} again"):
        home.post("/messages", message(each, topic=name))
    home.habits(people={str(number): {"email": why} for number in numbers})
    campaign = home.launch(name=name, message=name, segment=name, channels=["email", "sms"])
    until(lambda: len(home.journal.received(name)), len(numbers).__eq__, within_s=20, what="them to be taken")
    home.advance("10m")
    home.settle()
    assert {line["code"] for line in home.journal.lines("bounce_sent")} == {250}
    home.wait_for(campaign, "done")
    home.settle()
    got = home.journal.channels_of(name)
    assert {number: tuple(sorted(channels)) for number, channels in got.items()} == dict.fromkeys(
        numbers, ("email", "sms")
    )
    home.launch(name=f"{name} again", message=f"{name} again", segment=name, channels=["email", "sms"])
    home.settle()
    again = home.journal.channels_of(f"{name} again")
    first = "sms" if why == "dead" else "email"
    assert {channels[0] for channels in again.values()} == {first}
    home.habits()


@pytest.mark.parametrize(
    "kind", ["duplicate_receipts", "reordered_receipts", "late_receipts", "swallow", "reject_addresses"]
)
def test_a_provider_calls_twice_in_the_wrong_order_late_never_or_bounces(home: House, kind: str) -> None:
    """Through the real webhook: nobody has it twice, and what the ledger says in the end is what the world saw."""
    first = 3_600 + 20 * (
        "duplicate_receipts",
        "reordered_receipts",
        "late_receipts",
        "swallow",
        "reject_addresses",
    ).index(kind)
    numbers = list(range(first, first + 15))
    name = f"by an API with {kind}"
    home.persons(numbers, "email", "sms", circle=name)
    segment(home, name)
    home.post("/messages", message(name, topic=name))
    home.post("/providers/email/disable")
    try:
        if not any(one["name"] == "mail API 0" for one in home.get("/providers")):
            mail_api(home)
        home.habits(faults=[{"at": "mail:0", "kind": kind, "delay_s": 0.6}])
        campaign = home.launch(name=name, message=name, segment=name, channels=["email", "sms"])
        home.wait_for(campaign, "done")
        home.settle()
    finally:
        home.habits()
        home.post("/providers/email/enable")
    channels = {tuple(found) for found in home.journal.channels_of(name).values()}
    states = home.get(f"/campaigns/{campaign}")["notifications"]
    if kind == "swallow":
        assert (channels, states) == (set(), {"sent": len(numbers)}), "silence is no proof: nobody gets it elsewhere"
    elif kind == "reject_addresses":
        assert (channels, states) == ({("sms",)}, {"delivered": len(numbers)})
    else:
        assert (channels, states) == ({("email",)}, {"delivered": len(numbers)})


def test_complaints_stop_a_campaign_before_it_is_through(home: House) -> None:
    """Story 15: told of by the desks of complaints, in their standard form."""
    numbers = list(range(3_800, 4_000))
    home.persons(numbers, "email", circle="complained")
    segment(home, "complained")
    home.post("/messages", message("too much", topic="too much"))
    home.habits(people={str(number): {"complains": True} for number in numbers[::8]}, latency_s={"complain": 0.1})
    home.post("/sandbox/clock", {"release": True})
    try:
        with home.paced("email", per_second=20):
            campaign = home.launch(
                name="too much",
                message="too much",
                segment="complained",
                channels=["email"],
                stop_above={"complaints": 0.02, "opt_outs": None, "least": 20},
            )
            view = home.wait_for(campaign, "paused", within_s=25)
            home.post(f"/campaigns/{campaign}/cancel")
    finally:
        home.post("/sandbox/clock", {"hold": True})
        home.habits()
    home.settle()
    assert (view["stopped"]["reason"], view["stopped"]["channel"]) == ("complaints", "email")
    assert home.journal.lines("complaint_sent")
    assert len(home.journal.received("too much")) < len(numbers)
