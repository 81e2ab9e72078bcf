from __future__ import annotations

import asyncio
import smtplib
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import httpx
import pytest
from msgspec import ValidationError, convert

from antiphon_world.faults import Fault, Faults
from world.stage import Esme, Play, until
from world.test_mail import message, send
from world.test_operators import TO, quiet
from world.test_push import push

Bind = Callable[[int], AbstractAsyncContextManager[Esme]]


def struck(faults: Faults, kind: Any, *, nth: int = 0, provider: str = "smtp:0") -> list[int]:
    return [n for n in range(2000) if faults.strikes(provider, kind, address=f"{n}@x.example", nth=nth)]


def test_a_share_hits_that_share_and_the_same_addresses_again() -> None:
    faults = Faults(1, (Fault("smtp", "gone", share=0.25),))
    assert 430 < len(struck(faults, "gone")) < 570
    assert struck(faults, "gone") == struck(faults, "gone", nth=7)


def test_a_retry_has_luck_of_its_own_where_the_fault_is_not_of_the_address() -> None:
    faults = Faults(1, (Fault("smtp:0", "refuse", share=0.5),))
    assert struck(faults, "refuse", nth=1) != struck(faults, "refuse", nth=2)
    assert struck(faults, "refuse", nth=1) == struck(faults, "refuse", nth=1)
    assert not struck(faults, "refuse", provider="smtp:1")
    assert not struck(faults, "slow")


def test_a_fault_lasts_from_its_begin_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    faults = Faults(1, (Fault("*", "refuse", from_s=10, for_s=5),))
    hits = []
    for now[0] in (1009.9, 1010.0, 1014.9, 1015.0):
        hits.append(bool(struck(faults, "refuse")))
    assert hits == [False, True, True, False]


def test_a_throttle_lets_so_many_a_second_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "monotonic", lambda: 7.5)
    faults = Faults(1, (Fault("smtp:0", "throttle", per_s=100),))
    assert len(struck(faults, "throttle")) == 1900


@pytest.mark.parametrize(
    "rule",
    [{"kind": "explode"}, {"kind": "gone", "share": 2}, {"kind": "gone", "a": 1}, {"kind": "slow", "delay_s": -1}],
)
def test_a_rule_that_makes_no_sense_is_refused(rule: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        convert({"at": "push", **rule}, Fault)


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"kind": "throttle"}, 451),
        ({"kind": "refuse"}, 554),
        ({"kind": "refuse", "code": 421}, 421),
        ({"kind": "reject_addresses"}, 550),
        ({"kind": "reject_addresses", "addresses": ["Ana.000001@mail.example"]}, 550),
        ({"kind": "reject_addresses", "people": ["1"]}, 550),
    ],
)
async def test_a_mail_server_refuses_as_the_script_says(play: Play, fault: dict[str, Any], code: int) -> None:
    async with play(faults=[{"at": "smtp:0", **fault}]) as stage:
        with pytest.raises(smtplib.SMTPException) as refused:
            await send(stage, message())
        assert str(code) in str(refused.value)
        assert not stage.log("mail_received")
        assert stage.log("refused")[0]["code"] == code


async def test_a_connection_dropped_after_data_leaves_the_mail_taken_or_not(play: Play) -> None:
    drop = {"at": "smtp:0", "kind": "drop_after_data"}
    async with play(faults=[drop]) as stage:
        with pytest.raises(smtplib.SMTPServerDisconnected):
            await send(stage, message())
        assert [line["kind"] for line in stage.log()] == ["mail_received", "dropped"]
        async with httpx.AsyncClient() as client:
            await client.post(f"{stage.http}/world/faults", json={"faults": [{**drop, "taken": False}]})
        with pytest.raises(smtplib.SMTPServerDisconnected):
            await send(stage, message())
        assert len(stage.log("mail_received")) == 1


async def test_an_outage_refuses_newcomers_and_cuts_who_is_there(play: Play, bind: Bind) -> None:
    async with play(habits=quiet()) as stage, bind(stage.ports.smpp[0]) as client, httpx.AsyncClient() as control:
        outage = [{"at": "smpp:0", "kind": "outage"}, {"at": "smtp:0", "kind": "outage", "for_s": 0.5}]
        await control.post(f"{stage.http}/world/faults", json={"faults": outage})
        await client.heard("disconnected")
        with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionResetError)):
            await send(stage, message())
        await asyncio.sleep(0.5)
        await send(stage, message())
        assert len(stage.log("mail_received")) == 1


@pytest.mark.parametrize(
    ("fault", "status"),
    [({"kind": "throttle"}, 0x58), ({"kind": "refuse"}, 0x45), ({"kind": "reject_addresses"}, 0x0B)],
)
async def test_an_operator_refuses_as_the_script_says(
    play: Play, bind: Bind, fault: dict[str, Any], status: int
) -> None:
    async with play(faults=[{"at": "smpp:0", **fault}]) as stage, bind(stage.ports.smpp[0]) as client:
        await client.submit(TO, b"hi")
        [answer] = await client.heard("answer")
        assert answer["status"] == status
        assert not stage.log("sms_received")


@pytest.mark.parametrize(
    ("fault", "states"),
    [
        ({"kind": "duplicate_receipts", "times": 3}, ["DELIVRD"] * 3),
        ({"kind": "lost_receipts"}, []),
        ({"kind": "reject_addresses", "by_receipt": True}, ["UNDELIV"]),
    ],
)
async def test_receipts_come_as_the_script_says(
    play: Play, bind: Bind, fault: dict[str, Any], states: list[str]
) -> None:
    async with (
        play(habits=quiet(), faults=[{"at": "smpp:0", **fault}]) as stage,
        bind(stage.ports.smpp[0]) as client,
    ):
        await client.submit(TO, b"hi")
        await client.heard("answer")
        await stage.settled()
        await client.heard("deliver", len(states))
        assert [line["state"] for line in stage.log("receipt_sent")] == states
        assert all(f"stat:{state}" in got["text"] for state, got in zip(states, client.of("deliver"), strict=True))


async def test_a_late_receipt_is_late(play: Play, bind: Bind) -> None:
    late = {"at": "smpp:0", "kind": "late_receipts", "delay_s": 0.6}
    async with play(habits=quiet(), faults=[late]) as stage, bind(stage.ports.smpp[0]) as client:
        await client.submit(TO, b"hi")
        await client.heard("answer")
        [receipt] = await until(lambda: stage.log("receipt_sent"))
        [taken] = stage.log("sms_received")
        assert receipt["wall"] - taken["wall"] >= 0.6


@pytest.mark.parametrize(
    ("kind", "status"), [("throttle", 429), ("refuse", 400), ("reject_addresses", 404), ("gone", 410)]
)
async def test_a_push_service_refuses_as_the_script_says(play: Play, kind: str, status: int) -> None:
    async with play(faults=[{"at": "push", "kind": kind}]) as stage:
        assert (await push(stage)).status_code == status
        assert not stage.log("push_received")


async def test_a_push_service_may_answer_with_a_status_of_its_own(play: Play) -> None:
    async with play(faults=[{"at": "push", "kind": "refuse", "code": 499}]) as stage:
        assert (await push(stage)).status_code == 499


@pytest.mark.parametrize(("kind", "taken"), [("outage", 0), ("drop_after_data", 1)])
async def test_a_push_service_hangs_up_as_the_script_says(play: Play, kind: str, taken: int) -> None:
    async with play(faults=[{"at": "push", "kind": kind}]) as stage:
        with pytest.raises(httpx.TransportError):
            await push(stage)
        assert len(stage.log("push_received")) == taken
