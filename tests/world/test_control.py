from __future__ import annotations

import ast
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import httpx
import pytest

import antiphon_world
from world.stage import Esme, Play
from world.test_mail import message, send
from world.test_operators import TO, quiet

Bind = Callable[[int], AbstractAsyncContextManager[Esme]]


async def post(url: str, body: dict[str, Any]) -> httpx.Response:
    async with httpx.AsyncClient() as client:
        return await client.post(url, json=body)


async def test_a_customer_acts_on_request(play: Play) -> None:
    async with play(habits={"people": {"1": {"opens": False}}}) as stage:
        await send(stage, message())
        for do in ("open", "click", "buy", "unsubscribe", "complain"):
            answer = await post(f"{stage.http}/world/act", {"person": 1, "do": do})
            assert (answer.status_code, answer.json()["done"]) == (200, True)
        done = [line["kind"] for line in stage.log()[1:]]
        assert done == ["opened", "clicked", "bought", "unsubscribed", "complained"]
        assert [note.path for note in stage.target.notes] == ["/o/tok.gif", "/c/a_b-c?x=1&y=2", "/v1/track", "/u/tok"]


async def test_a_phone_writes_on_request_even_to_somebody_who_never_wrote(play: Play, bind: Bind) -> None:
    async with play(habits=quiet()) as stage, bind(stage.ports.smpp[0]) as client:
        first = {"address": "+" + TO, "do": "reply", "text": "Hola, ¿hay alguien? ツ", "to": "34999"}
        assert (await post(f"{stage.http}/world/act", first)).json()["done"] is True
        await client.submit(TO, b"hi", registered_delivery=0)
        await client.heard("answer")
        assert (await post(f"{stage.http}/world/act", {"person": "1", "do": "stop"})).json()["done"] is True
        said, stop = await client.heard("deliver", 2)
    assert said["text"].encode("latin-1").decode("utf-16-be") == "Hola, ¿hay alguien? ツ"
    assert (said["to"], said["coding"]) == ("34999", 8)
    assert (stop["text"], stop["to"]) == ("STOP", "SHOP")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"do": "open"}, 400),
        ({"person": 1, "do": "dance"}, 400),
        ({"person": "ana", "do": "gone"}, 400),
        ({"person": 1, "do": "open"}, 404),
    ],
)
async def test_an_act_that_cannot_be_says_why(play: Play, body: dict[str, Any], status: int) -> None:
    async with play() as stage:
        answer = await post(f"{stage.http}/world/act", body)
        assert answer.status_code == status
        assert answer.json()["error"]


async def test_a_bad_script_is_refused_and_the_old_one_stays(play: Play) -> None:
    async with play(habits={"open": 0.5}) as stage:
        answer = await post(f"{stage.http}/world/faults", {"habits": {"opn": 1}})
        assert (answer.status_code, "opn" in answer.json()["error"]) == (400, True)
        assert stage.world.habits.open == 0.5


async def test_the_log_can_be_read_on_from_where_one_was(play: Play) -> None:
    async with play(habits={"open": 0}) as stage, httpx.AsyncClient() as client:
        await send(stage, message())
        first = (await client.get(f"{stage.http}/world/log?since=0")).json()
        await send(stage, message())
        second = (await client.get(f"{stage.http}/world/log", params={"since": first["next"]})).json()
        state = (await client.get(f"{stage.http}/world/state")).json()
    assert [line["nth"] for line in first["lines"] + second["lines"]] == [1, 2]
    assert state["counts"] == {"mail_received": 2}
    assert state["clock"]["source"] == "product"
    assert state["providers"]["smtp:0"] == {"received": 2}


async def test_requests_that_are_not_http_are_refused(play: Play) -> None:
    async with play() as stage, httpx.AsyncClient() as client:
        assert (await client.get(f"{stage.http}/nowhere")).status_code == 404
        assert (await client.post(f"{stage.http}/push/1", content=b"x" * 1_000_001)).status_code == 413


def test_the_world_knows_nothing_of_the_platform() -> None:
    for path in Path(antiphon_world.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not [name for name in names if name.split(".")[0] == "antiphon"], path
