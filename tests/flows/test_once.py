"""Story 21, in part: the same key is one notification and one message, whoever asks how often."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from flows.house import House
from flows.samples import message, user


def test_a_repeated_key_is_one_notification_and_one_message(home: House) -> None:
    home.person(1, "email", "sms")
    home.post("/messages", message("receipt 4711", topic="orders"))
    call = {
        "message": "receipt 4711",
        "to": {"kind": "external_id", "value": user(1)},
        "purpose": "transactional",
        "idempotency_key": "order-4711",
    }
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: home.api.post("/send", json=call), range(48)))
    assert {answer.status_code for answer in answers} <= {202, 409}, [answer.text for answer in answers]
    assert len({answer.json()["notification"] for answer in answers if answer.status_code == 202}) == 1
    later = home.post("/send", call)
    home.settle()
    assert later["notification"] == next(a.json()["notification"] for a in answers if a.status_code == 202)
    assert len(home.journal.received("receipt 4711")) == 1


def test_an_unknown_recipient_is_made_and_reached(home: House) -> None:
    home.post("/messages", message("welcome", topic="orders"))
    sent = home.post(
        "/send",
        {
            "message": "welcome",
            "to": {"kind": "email", "value": "customer.000002@mail.example"},
            "purpose": "transactional",
            "idempotency_key": "welcome-2",
        },
    )
    home.settle()
    assert home.journal.channels_of("welcome") == {2: ["email"]}
    assert home.get(f"/notifications/{sent['notification']}")["state"] == "sent"
