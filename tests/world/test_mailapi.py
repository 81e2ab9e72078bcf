"""The provider with an API, asked and answered by a client of its own, its signature checked by OpenSSL's words."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import httpx
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from world.stage import Play, Stage

NOBODY = {"open": 0, "click": 0, "unsubscribe": 0, "complain": 0}
LATER = "2026-03-03T12:00:00.000Z"
TO = "ana.000001@mail.example"


def mail(to: str = TO) -> dict[str, Any]:
    return {
        "personalizations": [{"to": [{"email": to}], "custom_args": {"shop": "tok-1"}}],
        "from": {"email": "news@shop.example"},
        "subject": "Hi",
        "content": [
            {"type": "text/plain", "value": "Hello"},
            {"type": "text/html", "value": '<a href="https://shop.example/c/x">Shop</a>'},
        ],
        "headers": {"X-Antiphon-Delivery": "tok-1"},
    }


async def post(stage: Stage, said: object, at: int = 0) -> httpx.Response:
    async with httpx.AsyncClient() as client:
        headers = {"Authorization": "Bearer k"}
        return await client.post(f"{stage.http}/mail/{at}/v3/mail/send", json=said, headers=headers)


async def led(stage: Stage) -> ec.EllipticCurvePublicKey:
    async with httpx.AsyncClient() as client:
        answer = await client.post(f"{stage.http}/world/webhooks", json={"at": "mail:0", "url": "/hooks/t"})
        key = load_der_public_key(base64.b64decode(answer.json()["key"]))
        assert isinstance(key, ec.EllipticCurvePublicKey)
        return key


def events(stage: Stage) -> list[str]:
    return [each["event"] for note in stage.target.seen("/hooks/") for each in json.loads(note.body)]


async def test_a_mail_is_taken_and_its_events_are_signed(play: Play) -> None:
    async with play(habits=NOBODY) as stage:
        key = await led(stage)
        answer = await post(stage, mail())
        assert answer.status_code == 202
        await stage.settled()
        [line] = stage.log("mail_received")
        assert (line["provider"], line["delivery"], line["subject"]) == ("mail:0", "tok-1", "Hi")
        assert events(stage) == ["processed", "delivered"]
        for note in stage.target.seen("/hooks/"):
            headers = {name.lower(): value for name, value in note.headers.items()}
            signature = base64.b64decode(headers["x-twilio-email-event-webhook-signature"])
            stamp = headers["x-twilio-email-event-webhook-timestamp"].encode()
            key.verify(signature, stamp + note.body, ec.ECDSA(SHA256()))
            with pytest.raises(InvalidSignature):
                key.verify(signature, stamp + note.body + b" ", ec.ECDSA(SHA256()))
            for each in json.loads(note.body):
                assert each["shop"] == "tok-1"
                assert abs(each["timestamp"] - time.time()) < 60  # whatever the platform's clock says
                assert each["sg_message_id"].startswith(answer.headers["X-Message-Id"])


@pytest.mark.parametrize(
    ("kind", "wanted"),
    [
        ("duplicate_receipts", ["processed", "processed", "delivered", "delivered"]),
        ("reordered_receipts", ["delivered", "processed"]),
        ("lost_receipts", []),
        ("swallow", []),
        ("reject_addresses", ["processed", "bounce"]),
    ],
)
async def test_events_come_as_the_script_says(play: Play, kind: str, wanted: list[str]) -> None:
    async with play(habits=NOBODY, faults=[{"at": "mail:0", "kind": kind}]) as stage:
        await led(stage)
        assert (await post(stage, mail())).status_code == 202
        await stage.settled()
        assert sorted(events(stage), key=wanted.index) == wanted
        assert bool(stage.log("mail_received")) == (kind not in ("swallow", "reject_addresses"))


@pytest.mark.parametrize(("kind", "status"), [("throttle", 429), ("refuse", 400)])
async def test_it_refuses_as_the_script_says(play: Play, kind: str, status: int) -> None:
    async with play(faults=[{"at": "mail", "kind": kind}]) as stage:
        assert (await post(stage, mail(), 1)).status_code == status
        assert [line["code"] for line in stage.log("refused")] == [status]


async def test_a_complaint_and_a_mailbox_that_is_dead_come_as_events(play: Play) -> None:
    people = {"1": {"complains": True}, "2": {"email": "dead"}}
    async with play(habits={**NOBODY, "people": people}) as stage:
        await led(stage)
        await post(stage, mail())
        await post(stage, mail("ben.000002@mail.example"))
        await stage.settled()
        assert sorted(events(stage)) == ["delivered", "processed", "processed"]
        await stage.advance(LATER)
        assert sorted(events(stage)) == ["bounce", "delivered", "processed", "processed", "spamreport"]


async def test_events_are_told_again_until_they_are_taken(play: Play) -> None:
    async with play(habits=NOBODY) as stage:
        await led(stage)
        stage.target.status = 503
        await post(stage, mail())
        while not stage.target.seen("/hooks/"):
            await stage.waiting()
        stage.target.status = 200
        await stage.settled()
        assert {"processed", "delivered"} <= set(events(stage))
        assert {line["state"] for line in stage.log("receipt_sent")} == {"processed", "delivered"}
