from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon_world import gsm7
from antiphon_world.pdu import Malformed, read_bind, read_part, read_submit
from world.stage import Esme, Play, until

Bind = Callable[[int], AbstractAsyncContextManager[Esme]]
TO = "34612000001"
LINK = "https://s.example/c/tok"


def quiet(**does: object) -> dict[str, object]:
    return {"people": {"1": {"stops": False, "clicks": False, **does}}}


async def test_an_sms_is_logged_answered_and_reported(play: Play, bind: Bind) -> None:
    async with play(habits=quiet()) as stage, bind(stage.ports.smpp[0]) as client:
        await client.submit(TO, gsm7.encode("Ol@ [10 €]") or b"")
        [answer] = await client.heard("answer")
        [receipt] = await client.heard("deliver")
        [line] = stage.log("sms_received")
    assert answer["status"] == 0
    expected = {"provider": "smpp:0", "address": "+34612000001", "person": "c000001", "text": "Ol@ [10 €]", "parts": 1}
    assert expected.items() <= line.items()
    assert line["message_ids"] == [answer["message_id"]]
    assert (receipt["source"], receipt["to"], receipt["esm"]) == (TO, "SHOP", 4)
    assert receipt["text"].startswith(f"id:{answer['message_id']} sub:001 dlvrd:001 ")
    assert " stat:DELIVRD err:000 " in receipt["text"]
    assert receipt["tlvs"][str(0x1E)] == (answer["message_id"] + "\0").encode().hex()
    assert receipt["tlvs"][str(0x427)] == "02"


async def test_the_parts_of_a_long_message_are_logged_once_in_their_order(play: Play, bind: Bind) -> None:
    first, second = ("ñ" * 67).encode("utf-16-be"), "fin 😀".encode("utf-16-be")
    async with play(habits=quiet()) as stage, bind(stage.ports.smpp[0]) as client:
        for udh, content in ((b"\x05\x00\x03\x09\x02\x02", second), (b"\x05\x00\x03\x09\x02\x01", first)):
            await client.submit(TO, udh + content, esm_class=0x40, data_coding=8)
        answers = await client.heard("answer", 2)
        await client.heard("deliver", 2)
        [line] = stage.log("sms_received")
    assert (line["text"], line["parts"], line["nth"]) == ("ñ" * 67 + "fin 😀", 2, 1)
    assert line["message_ids"] == [answers[1]["message_id"], answers[0]["message_id"]]


async def test_a_part_with_a_long_reference_and_a_message_with_sar_tlvs_are_joined_too(play: Play, bind: Bind) -> None:
    async with play(habits=quiet()) as stage, bind(stage.ports.smpp[0]) as client:
        for number in (1, 2):
            await client.submit(TO, b"\x06\x08\x04\x12\x34\x02" + bytes([number]) + b"udh", esm_class=0x40)
        for number in (1, 2):
            sar = [(0x20C, "0007"), (0x20E, "02"), (0x20F, f"{number:02x}")]
            await client.submit(TO, b"sar", tlvs=sar)
        await client.submit(TO, b"", tlvs=[(0x424, b"payload".hex())])
        await client.heard("answer", 5)
        assert [line["text"] for line in stage.log("sms_received")] == ["udhudh", "sarsar", "payload"]


async def test_an_sms_is_logged_before_it_is_answered(play: Play, bind: Bind) -> None:
    async with (
        play(habits=quiet(), faults=[{"at": "smpp:0", "kind": "slow", "delay_s": 0.4}]) as stage,
        bind(stage.ports.smpp[0]) as client,
    ):
        await client.submit(TO, b"hi")
        await until(lambda: stage.log("sms_received"))
        assert not client.of("answer")
        await client.heard("answer")


async def test_a_customer_replies_stop_from_their_phone(play: Play, bind: Bind) -> None:
    async with play(habits=quiet(stops=True)) as stage, bind(stage.ports.smpp[0]) as client:
        await client.submit(TO, b"20 % off", registered_delivery=0)
        await client.heard("answer")
        await stage.advance("2026-03-02T12:00:00.000Z")
        [stop] = await client.heard("deliver")
        [line] = stage.log("sms_sent")
    assert (stop["source"], stop["to"], stop["text"], stop["esm"]) == (TO, "SHOP", "STOP", 0)
    assert (line["address"], line["to"], line["text"]) == ("+34612000001", "SHOP", "STOP")


@pytest.mark.parametrize("link", [LINK, LINK.removeprefix("https://"), "127.0.0.1:8080/c/tok"])
async def test_a_customer_clicks_the_link_of_an_sms(play: Play, bind: Bind, link: str) -> None:
    async with play(habits=quiet(clicks=True, buys=True)) as stage, bind(stage.ports.smpp[0]) as client:
        await client.submit(TO, f"20 % off: {link}.".encode())
        await client.heard("answer")
        await stage.advance("2026-03-02T12:00:00.000Z")
        assert [note.path for note in stage.target.notes] == ["/c/tok", "/v1/track"]


async def test_a_stop_waits_until_somebody_is_bound(play: Play, bind: Bind) -> None:
    async with play(habits=quiet(stops=True)) as stage:
        async with bind(stage.ports.smpp[0]) as client:
            await client.submit(TO, b"hi", registered_delivery=0)
            await client.heard("answer")
        await until(lambda: stage.world.customers.counts()["pending"])
        stage.target.product = "2026-03-02T12:00:00.000Z"
        await asyncio.sleep(0.3)
        assert not stage.log("sms_sent")
        async with bind(stage.ports.smpp[0]) as client:
            assert (await client.heard("deliver"))[0]["text"] == "STOP"


async def test_receipts_wait_for_a_client_that_went_away(play: Play, bind: Bind) -> None:
    late = {"at": "smpp:0", "kind": "late_receipts", "delay_s": 0.5}
    async with play(habits=quiet(), faults=[late]) as stage:
        async with bind(stage.ports.smpp[0]) as client:
            await client.submit(TO, b"hi")
            await client.heard("answer")
        await asyncio.sleep(0.8)
        assert (await stage.waiting())["receipts"] == 1
        async with bind(stage.ports.smpp[0]) as client:
            assert "stat:DELIVRD" in (await client.heard("deliver"))[0]["text"]
        await stage.settled()


@given(st.binary(max_size=80))
def test_hostile_bytes_are_malformed_or_read_and_nothing_else(body: bytes) -> None:
    for read in (read_bind, lambda body: read_part(read_submit(body))):
        try:
            read(body)
        except Malformed:
            continue


@given(st.text(alphabet="@£$¥ abcÑñ^{}\\[~]|€ÄÖÜß\n", max_size=50))
def test_gsm7_reads_what_it_wrote(text: str) -> None:
    octets = gsm7.encode(text)
    assert octets is not None
    assert gsm7.decode(octets) == text


def test_what_is_not_in_the_alphabet_is_not_encoded() -> None:
    assert gsm7.encode("ç") is None


@pytest.mark.parametrize("length", [0, 15, 70_001])
async def test_a_pdu_of_an_impossible_length_ends_the_session(play: Play, length: int) -> None:
    async with play() as stage:
        reader, writer = await asyncio.open_connection("127.0.0.1", stage.ports.smpp[0])
        writer.write(length.to_bytes(4, "big") + bytes(12))
        answer = await asyncio.wait_for(reader.read(), 2)
        writer.close()
    assert answer[4:8] == b"\x80\0\0\0"
