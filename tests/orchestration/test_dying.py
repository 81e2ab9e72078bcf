"""The process dies at every await of the loop, once at each, and another goes on: judged by what the mail server took.

`dying.py` is the process. Whatever it had asked of the database or the server when it died may have been done or not.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from antiphon import channels
from antiphon.kernel import settings
from antiphon.kernel.records import Identifier, Purpose
from channels.email_peer import Inbox, served
from orchestration.stage import Stage

ROOT = Path(__file__).parents[2]
EACH = 3
"""So many messages are in the hand that dies."""
MOST = 400


class Mortals:
    """A process that does one piece of work after the other, and dies of it when it is told to."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def do(self, work: str, *, die_at: int = 0, argument: str = "") -> str:
        """How many suspensions there were, or `died`."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{work} {die_at} {argument}\n".encode())
        return await self.heard()

    async def heard(self) -> str:
        assert self._process.stdout is not None
        while True:
            line = (await asyncio.wait_for(self._process.stdout.readline(), 30)).decode().strip()
            if line == "died" or line == "ready" or line.isdecimal():
                return line
            assert not line.startswith("failed"), line  # the rest are log lines


@pytest_asyncio.fixture
async def mortals(stage: Stage) -> AsyncIterator[Mortals]:
    environment = os.environ | {"PYTHONPATH": f"{ROOT / 'src'}:{ROOT / 'tests'}"}
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "orchestration.dying", stage.database.dsn, stdin=pipe, stdout=pipe, env=environment
    )
    made = Mortals(process)
    assert await made.heard() == "ready"
    yield made
    process.kill()
    await process.wait()


@pytest_asyncio.fixture
async def inbox(stage: Stage) -> AsyncIterator[Inbox]:
    inbox = Inbox()
    async with served(inbox) as port, stage.database.transaction() as tx:
        await settings.write(tx, {"sender_email": "shop@shop.example", "brand_name": "Shop"})
        stage.providers["email"] = await channels.create_provider(
            tx,
            stage.runtime.secrets,
            name="mail",
            adapter="smtp",
            settings={"host": "127.0.0.1", "port": port, "security": "none", "envelope_domain": "b.shop.example",
                      "connections": 2},
        )  # fmt: skip
        await tx.connection.execute("COMMIT; BEGIN")
        yield inbox


async def tell(stage: Stage, message: str, turn: int, *, purpose: Purpose) -> list[str]:
    to = [f"t{turn}.{n}@example.org" for n in range(EACH)]
    for address in to:
        await stage.send(message, Identifier("email", address), purpose=purpose)
    return to


async def leases_end(stage: Stage) -> None:
    """Of whoever died: on deliveries, and on connections to the provider."""
    await stage.sql("UPDATE delivery SET lease_until = '1970-01-01T00:00Z' WHERE lease_until IS NOT NULL")
    await stage.sql("DELETE FROM provider_lease")


async def states(stage: Stage, addresses: list[str]) -> Counter[str]:
    rows = await stage.sql("SELECT state FROM delivery WHERE address = ANY($1)", addresses)
    return Counter(row["state"] for row in rows)


@pytest.mark.timeout(300)
async def test_dead_at_any_point_of_sending_nobody_gets_two_and_who_gets_none_is_in_doubt(
    stage: Stage, inbox: Inbox, mortals: Mortals
) -> None:
    message = await stage.message("email")
    provider = str(stage.providers["email"])
    turns: dict[int, list[str]] = {}
    doubtful: dict[int, Counter[str]] = {}
    for turn in range(1, MOST):
        turns[turn] = await tell(stage, message, turn, purpose=Purpose.TRANSACTIONAL)
        end = await mortals.do("send", die_at=turn, argument=provider)
        doubtful[turn] = await states(stage, turns[turn])
        await leases_end(stage)
        await mortals.do("send", argument=provider)
        await mortals.do("send", argument=provider)
        if end != "died":
            break
    assert end != "died", "it has no end"
    assert turn > 30, "it died in too few places: this proves nothing"
    got = Counter(inbox.recipients)
    assert {address: n for address, n in got.items() if n > 1} == {}
    rows = await stage.sql("SELECT address, state, attempts FROM delivery")
    found = {row["address"]: row["state"] for row in rows}
    assert len(rows) == turn * EACH, "one attempt each: nobody was tried a second time"
    assert set(found.values()) == {"accepted", "in_doubt"}
    assert {address for address, state in found.items() if state == "accepted"} <= set(got), "acknowledged and lost"
    in_flight = sum(counts["sending"] for counts in doubtful.values())
    in_doubt = {address for address, state in found.items() if state == "in_doubt"}
    assert 0 < len(in_doubt) <= in_flight
    assert in_doubt & set(got), "it never died between the server's yes and our note of it: this proves nothing"
    assert in_doubt - set(got), "it never died between the mark and the bytes: this proves nothing"
    (open_ones,) = await stage.sql("SELECT count(*) AS n FROM notification WHERE state <> 'sent'")
    assert open_ones["n"] == 0
    counted = await stage.sql(COUNTED)
    assert {row["kind"]: row["n"] for row in counted} == {
        "sent": len(found) - len(in_doubt), "in_doubt": len(in_doubt)
    }  # fmt: skip
    (events,) = await stage.sql("SELECT sum(count) AS n FROM event_sum")
    assert events["n"] == len(found)


COUNTED = """
    SELECT kind, sum(n)::integer AS n FROM (SELECT kind, n FROM counter UNION ALL SELECT kind, n FROM counter_part) c
     WHERE kind IN ('sent', 'in_doubt', 'delivered', 'failed', 'expired') GROUP BY 1 HAVING sum(n) <> 0"""


@pytest.mark.timeout(300)
async def test_dead_at_any_point_of_a_receipt_it_counts_once_when_it_is_told_again(
    stage: Stage, inbox: Inbox, mortals: Mortals
) -> None:
    message = await stage.message("email")
    provider = str(stage.providers["email"])
    turn = 0
    end = "died"
    while end == "died" and turn < MOST:
        turn += 1
        addresses = await tell(stage, message, turn, purpose=Purpose.TRANSACTIONAL)
        await mortals.do("send", argument=provider)
        rows = await stage.sql("SELECT id FROM delivery WHERE address = ANY($1) ORDER BY id", addresses)
        said = f"delivered:{rows[0]['id']},failed:{rows[1]['id']},delivered:{rows[0]['id']}"
        end = await mortals.do("hear", die_at=turn, argument=said)
        before = await states(stage, addresses)
        assert before in (Counter(accepted=3), Counter(accepted=1, delivered=1, failed=1)), "half of it"
        await mortals.do("hear", argument=said)
        assert await states(stage, addresses) == Counter(accepted=1, delivered=1, failed=1)
    assert 10 < turn < MOST
    counted = {row["kind"]: row["n"] for row in await stage.sql(COUNTED)}
    assert counted == {"sent": 3 * turn, "delivered": turn, "failed": turn}


@pytest.mark.timeout(300)
async def test_dead_at_any_point_of_a_time_out_it_is_over_once(stage: Stage, inbox: Inbox, mortals: Mortals) -> None:
    message = await stage.message("email")
    provider = str(stage.providers["email"])
    turn = 0
    end = "died"
    while end == "died" and turn < MOST:
        turn += 1
        addresses = await tell(stage, message, turn, purpose=Purpose.ALERT)
        await mortals.do("send", argument=provider)
        await stage.database.move_clock(lambda state: state.moved(state.now() + timedelta(hours=2)))
        end = await mortals.do("silence", die_at=turn)
        await leases_end(stage)
        await mortals.do("silence")
        assert await states(stage, addresses) == Counter(expired=EACH)
        await mortals.do("decide")
    assert 10 < turn < MOST
    counted = {row["kind"]: row["n"] for row in await stage.sql(COUNTED)}
    assert counted == {"sent": EACH * turn, "expired": EACH * turn}
    rows = await stage.sql("SELECT state, count(*) AS n FROM notification GROUP BY 1")
    assert {row["state"]: row["n"] for row in rows} == {"sent": EACH * turn}  # nothing left to try
