from __future__ import annotations

import asyncio
import json
import os
import time
from typing import Any

import http_ece
import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from antiphon_world.webpush import Subscription, b64url, subscription
from world.stage import Play, Stage, until

LATER = "2026-03-02T12:00:00.000Z"
PAYLOAD = {
    "title": "Hi",
    "body": "Your parcel is here",
    "url": "https://shop.example/c/tok",
    "shown": "https://shop.example/o/shown",
    "delivery": "d-9",
}


def encrypted(of: Subscription, payload: bytes) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    return bytes(http_ece.encrypt(payload, salt=os.urandom(16), private_key=key, dh=of.public, auth_secret=of.auth))


async def push(stage: Stage, name: str = "000001", *, body: bytes | None = None, **headers: str) -> httpx.Response:
    if body is None:
        body = encrypted(subscription(1, name), json.dumps(PAYLOAD).encode())
    sent = {"TTL": "60", "Content-Encoding": "aes128gcm", **headers}
    async with httpx.AsyncClient() as client:
        return await client.post(f"{stage.http}/push/{name}", content=body, headers=sent)


def vapid(origin: str, *, seconds: int = 600, key: Any = None) -> str:
    signer = ec.generate_private_key(ec.SECP256R1())
    claims = {"aud": origin, "exp": int(time.time()) + seconds, "sub": "mailto:ops@shop.example"}
    token = jwt.encode(claims, signer, algorithm="ES256")
    public = (key or signer).public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return f"vapid t={token}, k={b64url(public)}"


def certain(**does: Any) -> dict[str, Any]:
    return {"people": {"1": does}}


async def test_a_push_is_taken_decrypted_shown_and_clicked(play: Play) -> None:
    async with play(habits=certain(push="shown", clicks=True, buys=False)) as stage:
        answer = await push(stage, Urgency="high")
        assert answer.status_code == 201
        assert answer.headers["location"].startswith(f"{stage.http}/message/")
        await stage.advance(LATER)
        [line] = stage.log("push_received")
        assert [note.path for note in stage.target.notes] == ["/o/shown", "/c/tok"]
    expected = {"provider": "push", "person": "c000001", "subject": "Hi", "delivery": "d-9", "urgency": "high"}
    assert expected.items() <= line.items()
    assert (line["address"], line["decrypted"]) == (f"{stage.http}/push/000001", True)


async def test_a_push_is_logged_before_it_is_answered(play: Play) -> None:
    async with play(faults=[{"at": "push", "kind": "slow", "delay_s": 0.3}]) as stage:
        sending = asyncio.create_task(push(stage))
        await until(lambda: stage.log("push_received"))
        assert not sending.done()
        assert (await sending).status_code == 201


async def test_what_cannot_be_decrypted_is_taken_and_never_shown(play: Play) -> None:
    async with play(habits=certain(push="shown", clicks=True)) as stage:
        other = encrypted(subscription(1, "000002"), b"{}")
        assert (await push(stage, body=other)).status_code == 201
        await stage.advance(LATER)
        assert stage.log("push_received")[0]["decrypted"] is False
        assert not stage.target.notes


async def test_a_silent_device_takes_and_never_shows(play: Play) -> None:
    async with play(habits=certain(push="silent", clicks=True)) as stage:
        assert (await push(stage)).status_code == 201
        await stage.advance(LATER)
        assert not stage.target.notes


async def test_any_name_has_a_subscription_that_a_page_can_ask_for(play: Play) -> None:
    async with play() as stage, httpx.AsyncClient() as client:
        told = (await client.get(f"{stage.http}/world/subscription/ana-laptop")).json()
        assert told["endpoint"] == f"{stage.http}/push/ana-laptop"
        assert told["keys"] == subscription(1, "ana-laptop").keys
        await push(stage, "ana-laptop")
        assert stage.log("push_received")[0]["decrypted"] is True


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"TTL": "soon"}, None, 400),
        ({"Content-Encoding": "aesgcm"}, None, 415),
        ({}, b"x" * 4097, 413),
        ({"Authorization": "vapid nonsense"}, None, 403),
        ({"Authorization": "WebPush x"}, None, 403),
    ],
)
async def test_a_bad_push_is_refused(play: Play, headers: dict[str, str], body: bytes | None, status: int) -> None:
    async with play() as stage:
        assert (await push(stage, body=body, **headers)).status_code == status
        assert not stage.log("push_received")
        assert stage.log("refused")[0]["code"] == status


async def test_vapid_must_be_for_this_service_in_time_and_signed_by_its_key(play: Play) -> None:
    async with play() as stage:
        good = vapid(stage.http)
        wrong = (
            vapid("https://elsewhere.example"),
            vapid(stage.http, seconds=-1),
            vapid(stage.http, seconds=90_000),
            vapid(stage.http, key=ec.generate_private_key(ec.SECP256R1())),
        )
        assert (await push(stage, Authorization=good)).status_code == 201
        assert [(await push(stage, Authorization=each)).status_code for each in wrong] == [403] * 4


async def test_a_subscription_is_gone_by_habit_by_fault_and_by_act(play: Play) -> None:
    fault = {"at": "push", "kind": "gone", "people": [2]}
    async with play(habits=certain(push="gone"), faults=[fault]) as stage, httpx.AsyncClient() as client:
        assert [(await push(stage, f"00000{n}")).status_code for n in (1, 2, 3)] == [410, 410, 201]
        await client.post(f"{stage.http}/world/act", json={"person": 3, "do": "gone"})
        assert (await push(stage, "000003")).status_code == 410
        await client.post(f"{stage.http}/world/act", json={"person": 3, "do": "back"})
        assert (await push(stage, "000003")).status_code == 201
