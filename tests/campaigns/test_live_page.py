"""What the live page and the list say: rows with rates, progress, when, who failed over, what a shift would do."""

from __future__ import annotations

from datetime import timedelta

import pytest

from antiphon import campaigns, orchestration
from antiphon.campaigns import figures, listing, page
from antiphon.campaigns.preview import preview_shift
from antiphon.kernel.db import Database
from antiphon.kernel.errors import Conflict, Invalid
from antiphon.kernel.records import Accepted
from campaigns.planned import advance, count, planned, walk
from campaigns.test_taking_back import found, piloted
from orchestration.stage import GONE, Stage


async def page_of(stage: Stage, campaign: campaigns.Campaign) -> page.Figures:
    async with stage.database.transaction(read_only=True) as tx:
        return await page.page_of(tx, await campaigns.find(tx, str(campaign.id)))


def row_of(shown: page.Figures, of: str, channel: str | None = None) -> figures.Row:
    (row,) = [row for row in shown.rows if (row.of, row.channel) == (of, channel)]
    return row


def test_the_interval_of_a_share_is_wilsons() -> None:
    """Newcombe, Statist. Med. 17 (1998), 857, table I, method 3: 81 of 263, 15 of 148, 0 of 20, 1 of 29."""
    for n, of, low, high in (
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ):
        found = figures.rate(n, of)
        assert (found.low, found.high) == (pytest.approx(low, abs=1e-4), pytest.approx(high, abs=1e-4))


async def test_rows_add_up_and_machines_stay_apart(stage: Stage) -> None:
    await stage.account("email")
    await stage.people(1, "email")
    made = await planned(stage)
    await count(stage, made, sent=100, in_doubt=2, delivered=90, opened=40, machine_opened=30, clicked=10, failed=8)
    await count(stage, made, "sms", sent=50, clicked=10, converted=5, opted_out=1)
    shown = await page_of(stage, made)
    total, email, sms = row_of(shown, "total"), row_of(shown, "channel", "email"), row_of(shown, "channel", "sms")
    assert (total.sent, total.clicked, total.converted, total.failed) == (152, 20, 5, 8)
    assert (email.sent, email.in_doubt, email.opened, email.machine_opened) == (102, 2, 40, 30)
    assert sms.opened is None
    assert sms.rates.opened is None
    assert sms.rates.converted.share == 0.1
    assert total.opened == 40


async def test_progress_is_told_of_the_segment_and_ends_by_the_throttle(stage: Stage) -> None:
    await stage.account("email")
    await stage.people(20, "email")
    made = await planned(stage, throttle={"per_minute": 60})
    await advance(stage, seconds=10)
    await walk(stage)
    shown = (await page_of(stage, made)).progress
    assert (shown.told, shown.people, shown.share) == (10, 20, 0.5)
    assert shown.expected_end == stage.database.clock.now() + timedelta(seconds=10)
    await stage.steer(campaigns.pause, made)
    assert (await page_of(stage, made)).progress.expected_end is None


async def test_the_series_has_a_number_for_each_minute(stage: Stage) -> None:
    await stage.account("email")
    await stage.people(1, "email")
    made = await planned(stage)
    await count(stage, made, sent=3)
    await advance(stage, minutes=2)
    await count(stage, made, sent=1, in_doubt=1)
    async with stage.database.transaction(read_only=True) as tx:
        begin = tx.now - timedelta(minutes=3)
        shown = await page.series_of(tx, made, step="minute", begin=begin, end=None)
        (line,) = [line for line in shown.lines if line.kind == "sent"]
        assert (line.n, line.total) == ([0, 3, 0, 2], 5)
        with pytest.raises(Invalid, match="points"):
            await page.series_of(tx, made, step="minute", begin=begin - timedelta(days=9), end=None)
        with pytest.raises(Invalid):
            await page.series_of(tx, made, step="hour", begin=tx.now, end=tx.now - timedelta(days=1))


@pytest.mark.usefixtures("worker")
async def test_a_failover_tells_who_failed_on_what_evidence_and_where_it_went(stage: Stage) -> None:
    desk = await stage.account("email")
    await stage.account("sms")
    desk.answer = lambda outgoing: GONE if outgoing.to.startswith(("p0@", "p1@")) else Accepted()
    await stage.people(3, "email", "phone")
    made = await stage.campaign("email", "sms")
    assert made.source is not None

    async def both() -> bool:
        async with stage.database.transaction(read_only=True) as tx:
            return (
                len(await orchestration.failovers(tx, made.source or orchestration.SourceId(0), addresses=False)) == 2
            )

    await stage.eventually(both)
    await stage.until(made, "done")
    async with stage.database.transaction(read_only=True) as tx:
        newest, older = await orchestration.failovers(tx, made.source, addresses=True)
        (first_page,) = await orchestration.failovers(tx, made.source, addresses=True, limit=1)
        (second_page,) = await orchestration.failovers(
            tx, made.source, addresses=True, before=int(first_page.id), limit=1
        )
    assert int(newest.id) > int(older.id)
    assert (first_page, second_page) == (newest, older)
    assert (newest.failed.channel, newest.failed.failure, newest.next.channel) == ("email", "address", "sms")
    assert newest.failed.code == "5.1.1 no such user"
    assert newest.failed.provider == "email"
    assert newest.outcome == "sent"
    assert newest.at is not None


async def test_a_shift_is_seen_before_it_is_done(stage: Stage) -> None:
    made = await piloted(stage)
    await count(stage, made, sent=1_000, converted=50)
    shown = await preview_shift(stage.database, str(made.id), channel="sms", share="rest")
    (rows,) = [await stage.sql("SELECT count(*) AS n FROM notification")]
    rest = 60 - rows[0]["n"]
    assert (shown.rest, shown.looked_at, shown.margin, shown.keep) == (rest, rest, 0.0, 0)
    assert [(one.channel, one.people) for one in shown.as_planned.channels] == [("email", rest)]
    assert [(one.channel, one.people) for one in shown.shifted.channels] == [("sms", rest)]
    planned_one = shown.as_planned
    assert planned_one.conversions == pytest.approx(rest * 0.05, abs=0.06)
    assert planned_one.low is not None
    assert planned_one.high is not None
    assert planned_one.low < planned_one.conversions < planned_one.high
    assert shown.shifted.conversions is None  # nothing is known of SMS yet
    await count(stage, made, "sms", sent=100, converted=10)
    shown = await preview_shift(stage.database, str(made.id), channel="sms", share="rest")
    assert shown.shifted.conversions == pytest.approx(rest * 0.1, abs=0.06)
    assert (await found(stage, made)).state == "pilot_done"
    with pytest.raises(Invalid):
        await preview_shift(stage.database, str(made.id), channel="voice", share="rest")
    draft = await stage.campaign("email", launched=False)
    with pytest.raises(Conflict):
        await preview_shift(stage.database, str(draft.id), channel="email", share="rest")


async def test_the_list_is_found_sorted_and_paged(stage: Stage) -> None:
    await stage.account("email")
    await stage.people(4, "email")
    running = await planned(stage)
    await walk(stage)
    await count(stage, running, sent=4, clicked=1)
    await advance(stage, minutes=1)
    later = await planned(stage, launched=False, name="Winter 50%", launch_at="2026-02-01T00:00:00Z")
    await advance(stage, minutes=1)
    sooner = await planned(stage, launched=False, name="autumn", launch_at="2026-01-05T00:00:00Z")
    async with stage.database.transaction(read_only=True) as tx:
        every = await listing.page(tx)
        assert [line.id for line in every.campaigns] == [str(one.id) for one in (sooner, later, running)]
        line = every.campaigns[-1]
        assert (line.progress.told, line.progress.share, line.sent, line.clicked.share) == (4, 1.0, 4, 0.25)
        by_plan = await listing.page(tx, sort="planned", states=["draft"])
        assert [line.name for line in by_plan.campaigns] == ["Winter 50%", "autumn"]
        assert [line.name for line in (await listing.page(tx, q="50%")).campaigns] == ["Winter 50%"]
        assert (await listing.page(tx, q="%%")).campaigns == []
        for sort in ("newest", "name", "planned", "state"):
            whole = [line.id for line in (await listing.page(tx, sort=sort)).campaigns]
            walked, cursor = [], ""
            while cursor is not None:
                piece = await listing.page(tx, sort=sort, cursor=cursor, limit=1)
                walked += [line.id for line in piece.campaigns]
                cursor = piece.cursor
            assert walked == whole
        with pytest.raises(Invalid):
            await listing.page(tx, cursor="nonsense")
        with pytest.raises(Invalid):
            await listing.page(tx, states=["asleep"])


async def test_a_look_reads_no_message_whatever_the_number_of_people(stage: Stage, database: Database) -> None:
    """Neither notifications nor deliveries are touched: the ledger is locked away from this look."""
    await stage.account("email")
    await stage.people(3, "email")
    made = await planned(stage)
    await walk(stage)
    async with database.transaction() as other:
        await other.rows("LOCK TABLE notification, delivery IN ACCESS EXCLUSIVE MODE")
        async with database.transaction(read_only=True) as tx:
            await tx.rows("SELECT set_config('lock_timeout', '500ms', true)")
            await page.page_of(tx, made)
            await listing.page(tx)
            await page.series_of(tx, made, step="hour", begin=None, end=None)
