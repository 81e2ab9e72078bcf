"""Visits while time runs: counted at once, judged with their neighbours, and lost by nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
import pytest_asyncio
from litestar import Litestar
from litestar.di import Provide

from antiphon import channels, metrics, orchestration, pages
from antiphon.kernel.clock import ClockState
from antiphon.kernel.db import open_database
from antiphon.kernel.records import DeliveryId, Event, ProfileId, Receipt, SourceId
from antiphon.kernel.runtime import Runtime
from antiphon.pages import http as pages_http
from antiphon.pages.held import Visit, hold, judge
from antiphon.pages.sessions import Seen
from antiphon.pages.visits import visits
from pages.stage import Stage
from pages.test_machines import GMAIL

APPLE = {"User-Agent": "Mozilla/5.0"}
PROXY = {"User-Agent": GMAIL}


@pytest_asyncio.fixture
async def running(stage: Stage) -> Stage:
    """Product time runs, as it does for real customers."""
    await stage.database.move_clock(ClockState.released)
    return stage


@pytest_asyncio.fixture
async def outside(running: Stage) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody at a public address."""
    app = Litestar(
        pages_http.routes,
        dependencies={"runtime": Provide(lambda: running.runtime, sync_to_thread=False)},
        signature_types=[Runtime],
    )
    transport = httpx.ASGITransport(app, client=("9.9.9.9", 4711))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://antiphon.example") as client:
        client.headers["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
        yield client
    await pages.close(running.database)


class Post:
    """One mail to each of some people, handed over some seconds ago."""

    def __init__(self, stage: Stage, people: list[ProfileId], source: SourceId) -> None:
        self.stage, self.people, self.source = stage, people, source

    async def link(self, n: int, *, person: int = 0) -> str:
        return (await self.stage.links(self.source, self.people[person])).click_url(n)

    async def pixel(self, *, person: int = 0) -> str:
        return (await self.stage.links(self.source, self.people[person])).open_url()

    async def delivery(self, person: int = 0) -> orchestration.DeliveryView:
        return await self.stage.delivery(self.source, self.people[person])

    async def counts(self) -> dict[str, int]:
        async with self.stage.database.transaction(read_only=True) as tx:
            totals = await metrics.totals(tx, [self.source])
        return {total.kind: total.n for total in totals if total.channel and total.n}

    async def timeline(self, person: int = 0) -> list[str]:
        rows = await self.stage.database.pool.fetch(
            "SELECT n.name FROM event_sum s JOIN event_name n ON n.id = s.name_id WHERE s.profile_id = $1 ORDER BY 1",
            self.people[person],
        )
        return [row["name"] for row in rows]

    async def later(self, seconds: float) -> None:
        """Time passes, and what is due is judged."""
        await self.stage.database.move_clock(lambda state: state.moved(state.now() + timedelta(seconds=seconds)))
        while await self.stage.database.repeat(judge):
            pass

    async def held(self) -> int:
        return int(await self.stage.database.pool.fetchval("SELECT count(*) FROM visit_held"))


async def post(stage: Stage, *names: str, ago_s: float = 60) -> Post:
    people = [await stage.person(name) for name in names or ("anna",)]
    source = await stage.tell(people, "email")
    handed_at = stage.database.clock.now() - timedelta(seconds=ago_s)
    await stage.database.pool.execute("UPDATE delivery SET handed_at = $1, state = 'sent'", handed_at)
    return Post(stage, people, source)


async def test_a_click_is_counted_at_once_and_on_the_timeline_when_its_session_is_over(
    running: Stage, outside: httpx.AsyncClient
) -> None:
    mail = await post(running)
    answer = await outside.get(await mail.link(0))
    assert (answer.status_code, answer.headers["location"]) == (302, "https://shop.example/s?who=Anna")
    assert await mail.counts() == {"opened": 1, "clicked": 1}
    assert await mail.timeline() == []
    await mail.later(2)
    assert (await mail.delivery()).clicked_at is None
    await mail.later(2)
    assert (await mail.delivery()).clicked_at is not None
    assert await mail.counts() == {"delivered": 1, "opened": 1, "clicked": 1}
    assert await mail.timeline() == ["Email Delivered", "Email Link Clicked", "Email Opened"]
    assert await mail.held() == 0


async def test_what_turns_out_to_be_a_gateway_moves_over(running: Stage, outside: httpx.AsyncClient) -> None:
    mail = await post(running, ago_s=9)
    await outside.get(await mail.pixel())
    assert await mail.counts() == {"opened": 1}
    await mail.later(33)
    assert await mail.timeline() == [], "so early an open waits for a burst"
    for n in (0, 1):
        assert (await outside.get(await mail.link(n))).status_code == 302
    assert await mail.counts() == {"opened": 1, "clicked": 1}
    await mail.later(4)
    assert await mail.counts() == {"delivered": 1, "machine_opened": 1, "machine_clicked": 1}
    assert await mail.timeline() == [
        "Email Delivered",
        "Email Link Clicked By Machine",
        "Email Opened By Machine",
    ]
    assert (await mail.delivery()).state == "delivered"


async def test_first_a_machine_and_then_a_person_count_in_both(running: Stage, outside: httpx.AsyncClient) -> None:
    mail = await post(running, ago_s=30)
    await outside.get(await mail.pixel(), headers=APPLE)
    for n in (0, 1):
        await outside.get(await mail.link(n))
    await mail.later(60)
    await outside.get(await mail.link(1))
    await mail.later(4)
    await outside.get(await mail.link(1))
    await mail.later(4)
    assert await mail.counts() == {
        "delivered": 1, "opened": 1, "clicked": 1, "machine_opened": 1, "machine_clicked": 1,
    }  # fmt: skip


async def test_a_person_who_clicks_two_links_in_a_hurry_is_one(running: Stage, outside: httpx.AsyncClient) -> None:
    mail = await post(running)
    await outside.get(await mail.link(0))
    await mail.later(0.9)
    await outside.get(await mail.link(1))
    await mail.later(4)
    assert await mail.counts() == {"delivered": 1, "opened": 1, "clicked": 1}


async def test_a_click_too_quick_for_a_person_is_a_machines_and_never_shown_as_another(
    running: Stage, outside: httpx.AsyncClient
) -> None:
    mail = await post(running, ago_s=0)
    assert (await outside.get(await mail.link(0))).status_code == 302
    assert await mail.counts() == {}
    await mail.later(4)
    assert await mail.counts() == {"delivered": 1, "machine_clicked": 1}
    await outside.get(await mail.link(0))
    await mail.later(4)
    assert (await mail.counts())["clicked"] == 1


async def test_gmail_reads_ahead_for_seconds_and_after_that_for_somebody(
    running: Stage, outside: httpx.AsyncClient
) -> None:
    mail = await post(running, ago_s=3)
    await outside.get(await mail.pixel(), headers=PROXY)
    await mail.later(4)
    assert await mail.counts() == {"delivered": 1, "machine_opened": 1}
    await outside.get(await mail.pixel(), headers=PROXY)
    await mail.later(4)
    assert await mail.counts() == {"delivered": 1, "machine_opened": 1, "opened": 1}
    rows = await running.database.pool.fetch("SELECT on_mobile, on_other FROM address WHERE channel = 'email'")
    assert [tuple(row) for row in rows] == [(0, 0)], "a proxy says nothing of what somebody holds"


async def test_one_visitor_who_clicks_for_three_colleagues_is_their_gateway(
    running: Stage, outside: httpx.AsyncClient
) -> None:
    mail = await post(running, "anna", "ben", "carl", "dora")
    await outside.get(await mail.link(0, person=0))
    await outside.get(await mail.link(0, person=1))
    await outside.get(await mail.link(0, person=2))
    await mail.later(10)
    await outside.get(await mail.link(0, person=3))
    await mail.later(4)
    assert await mail.counts() == {"delivered": 4, "machine_clicked": 3, "opened": 1, "clicked": 1}


async def test_nobody_learns_anything_of_a_person_from_a_machine(running: Stage, outside: httpx.AsyncClient) -> None:
    """Not when they are there, nor on which channel they answer, nor that anything happened to them but a delivery."""
    mail = await post(running)
    heard: list[Event] = []

    async def note(_tx: object, events: list[Event]) -> None:
        heard.extend(events)

    running.database.takers.setdefault(Event, []).append(note)  # type: ignore[arg-type]
    await outside.get(await mail.pixel(), headers=APPLE)
    for n in (0, 1):
        await outside.get(await mail.link(n))
    await mail.later(4)
    async with running.database.transaction() as tx:
        found = await metrics.predict(tx, mail.people)
        hours = await metrics.hours(tx, mail.people)
    assert found[mail.people[0]] == {}
    assert not any(hours[person].counts for person in hours)
    assert {event.name for event in heard} == {
        "Email Delivered", "Email Opened By Machine", "Email Link Clicked By Machine",
    }  # fmt: skip


async def test_what_the_process_had_taken_when_it_was_killed_is_judged_by_the_next(
    running: Stage, outside: httpx.AsyncClient
) -> None:
    mail = await post(running, "anna", "ben")
    await outside.get(await mail.link(0))
    await outside.get(await mail.link(0, person=1))
    await outside.get(await mail.link(1, person=1))
    running.database.pool.terminate()  # nothing is closed, nothing drained
    visits(running.database)
    another = await open_database(running.database.dsn)
    another.takers, running.database.pool = running.database.takers, another.pool
    await mail.later(4)
    assert await mail.counts() == {
        "delivered": 2, "opened": 1, "clicked": 1, "machine_clicked": 1,
    }  # fmt: skip


async def test_what_fails_while_it_is_judged_is_judged_again(
    running: Stage, outside: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    mail = await post(running)
    await outside.get(await mail.link(0))
    before = await mail.counts()
    with monkeypatch.context() as broken:
        broken.setattr(channels, "take_receipts", _fails)
        with pytest.raises(RuntimeError):
            await mail.later(4)
    assert await mail.counts() == before
    await mail.later(0)
    assert await mail.counts() == {"delivered": 1, "opened": 1, "clicked": 1}


async def _fails(*_: object) -> None:
    raise RuntimeError


async def test_many_who_judge_at_once_judge_each_session_once(running: Stage, outside: httpx.AsyncClient) -> None:
    names = [f"p{n}" for n in range(30)]
    mail = await post(running, *names)
    for n in range(30):
        await outside.get(await mail.link(0, person=n), headers={"User-Agent": f"Mozilla/5.0 (X11; Linux x86_64) v{n}"})
    await running.database.move_clock(lambda state: state.moved(state.now() + timedelta(seconds=20)))

    async def work() -> int:
        return await running.database.repeat(lambda tx: judge(tx, batch=4))

    assert sum(await asyncio.gather(*(work() for _ in range(12)))) == 30
    assert await mail.counts() == {"delivered": 30, "opened": 30, "clicked": 30}


async def test_what_a_provider_tells_meanwhile_counts_once(running: Stage, outside: httpx.AsyncClient) -> None:
    mail = await post(running)
    await outside.get(await mail.link(0))
    receipt = Receipt("clicked", running.database.clock.now(), delivery=DeliveryId(int((await mail.delivery()).id)))
    for _ in range(2):
        await running.database.repeat(lambda tx: channels.take_receipts(tx, [receipt]))
    await mail.later(4)
    assert await mail.counts() == {"delivered": 1, "opened": 1, "clicked": 1}


async def test_when_both_are_known_nothing_is_held_any_more(running: Stage, outside: httpx.AsyncClient) -> None:
    mail = await post(running)
    await outside.head(await mail.link(0))
    await outside.get(await mail.link(0))
    assert await mail.held() == 1
    await mail.later(4)
    await outside.get(await mail.link(1))
    await outside.get(await mail.pixel())
    assert await mail.held() == 0


async def test_a_visit_to_what_is_no_longer_there_is_let_go(running: Stage) -> None:
    gone = Visit(DeliveryId(4711), Seen(running.database.clock.now(), 0))
    assert await running.database.repeat(lambda tx: hold(tx, [gone])) == []
    assert await running.database.pool.fetchval("SELECT count(*) FROM visit_held") == 0


async def test_who_is_erased_meanwhile_leaves_no_visit_behind(running: Stage, outside: httpx.AsyncClient) -> None:
    mail = await post(running)
    await outside.get(await mail.link(0))
    await running.database.pool.execute("DELETE FROM delivery")
    await mail.later(4)
    assert (await mail.held(), await mail.counts()) == (0, {})


async def test_looking_what_may_be_asked_of_a_link_is_no_visit(running: Stage, outside: httpx.AsyncClient) -> None:
    mail = await post(running)
    await outside.options(await mail.link(0))
    assert (await mail.held(), await mail.counts()) == (0, {})


async def test_a_text_message_is_not_scanned_by_gateways(running: Stage, outside: httpx.AsyncClient) -> None:
    """A preview names itself."""
    anna = await running.person("anna")
    source = await running.tell([anna], "sms")
    await outside.get((await running.links(source, anna)).click_url(0))
    text = Post(running, [anna], source)
    assert (await text.held(), await text.counts()) == (0, {"delivered": 1, "clicked": 1})
