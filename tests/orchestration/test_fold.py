"""Receipts fold to one state, whatever their order and number."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.kernel.engagement import MACHINE
from antiphon.kernel.records import DeliveryId, MessageId, Purpose, Receipt, ReceiptKind, SourceId
from antiphon.orchestration.changing import Change
from antiphon.orchestration.fold import FINAL_FROM_QUEUED, RANK, fold, higher, outcome
from antiphon.orchestration.records import Attempt, Source
from antiphon.orchestration.timeline import Entry, properties_of

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
receipts = st.builds(
    Receipt,
    kind=st.sampled_from(get_args(ReceiptKind)),
    at=st.integers(0, 5).map(lambda n: NOW + timedelta(seconds=n)),
    delivery=st.just(DeliveryId(1)),
    failure=st.sampled_from([None, "address", "policy", "temporary"]),
    code=st.sampled_from(["", "5.1.1", "4.2.2"]),
    machine=st.booleans(),
)
states = st.sampled_from([*RANK, *FINAL_FROM_QUEUED])
folds = ["definite", "silence"]


@given(st.lists(receipts, max_size=8).flatmap(lambda said: st.tuples(st.just(said), st.permutations(said))))
def test_any_order_and_any_number_end_the_same(said):
    one, other = said
    assert fold(one) == fold(other) == fold([*other, *one, *other])


@given(states, st.lists(receipts, max_size=6), st.data())
def test_a_state_only_rises_and_chunks_do_not_matter(state, said, data):
    cut = data.draw(st.integers(0, len(said)))
    at_once = higher(state, fold(said).state)
    in_two = higher(higher(state, fold(said[:cut]).state), fold(said[cut:]).state)
    assert at_once == in_two
    assert at_once == state or RANK[at_once] > RANK[state]


@given(st.lists(receipts, min_size=1, max_size=6))
def test_a_machine_opens_nothing(said):
    machines = [Receipt(r.kind, r.at, machine=True) for r in said]
    folded = fold(machines)
    assert folded.state == "delivered"
    assert folded.opened_at is None
    assert folded.clicked_at is None
    assert folded.arrived_at == min(r.at for r in said)


@given(st.lists(receipts, max_size=6))
def test_what_people_did_says_nothing_of_machines(said):
    folded = fold([Receipt(r.kind, r.at) for r in said])
    assert (folded.machine_opened_at, folded.machine_clicked_at) == (None, None)


@given(st.lists(receipts, max_size=6))
def test_who_clicked_had_opened_before_and_the_first_time_counts(said):
    folded = fold(said)
    by_people = [r.at for r in said if r.kind in ("opened", "clicked") and not r.machine]
    assert folded.opened_at == min(by_people, default=None)
    assert folded.clicked_at is None or folded.opened_at <= folded.clicked_at


SPRING = Source(
    SourceId(7), "campaign", "Spring", MessageId(1), 1, "offers", Purpose.CAMPAIGN, ("email",), "definite", "running"
)


def told(channel: str, chunks: list[list[Receipt]]) -> list[Entry]:
    """What a delivery that was handed over leaves on the timeline, of receipts that come in these transactions."""
    row: dict[str, Any] = {
        "id": 1, "profile_id": 2, "source_id": 7, "channel": channel, "state": "accepted", "failure": None,
        "code": None, "opened_at": None, "clicked_at": None, "machine_opened": False, "machine_clicked": False,
    }  # fmt: skip
    entries: list[Entry] = []
    for chunk in chunks:
        change = Change(row, fold(chunk), NOW)
        entries += change.entries(properties_of(SPRING))
        row |= {
            "state": change.state, "opened_at": change.opened_at, "clicked_at": change.clicked_at,
            "machine_opened": row["machine_opened"] or change.machine_opened,
            "machine_clicked": row["machine_clicked"] or change.machine_clicked,
        }  # fmt: skip
    return entries


def names(entries: list[Entry]) -> Counter[str]:
    return Counter(name for _, name, _, _ in entries)


channels = st.sampled_from(["email", "sms", "push"])


@given(channels, st.lists(receipts, max_size=8), st.data())
def test_the_timeline_says_the_same_once_in_whatever_order_and_chunks_it_is_heard(channel, said, data):
    heard = data.draw(st.permutations(said + data.draw(st.lists(st.sampled_from(said)) if said else st.just([]))))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(heard)), max_size=4)))
    chunks = [heard[a:b] for a, b in zip([0, *cuts], [*cuts, len(heard)], strict=True)]
    at_once, bit_by_bit = names(told(channel, [said])), names(told(channel, chunks))
    assert bit_by_bit == at_once
    assert set(at_once.values()) <= {1}


@given(channels, st.lists(receipts, max_size=8))
def test_the_timeline_tells_of_each_kind_what_was_heard_and_when_first(channel, said):
    title = {"email": "Email", "sms": "SMS", "push": "Push"}[channel]
    opens = [r.at for r in said if r.kind in ("opened", "clicked") and not r.machine]
    clicks = [r.at for r in said if r.kind == "clicked" and not r.machine]
    expected = {
        f"{title} Delivered": [r.at for r in said if r.machine or r.kind in ("delivered", "read", "opened", "clicked")],
        f"{title} Opened": [] if channel == "sms" else opens,
        f"{title} Link Clicked": [] if channel == "push" else clicks,
    }
    by_machine = {kind: [r.at for r in said if r.machine and r.kind == kind] for kind in ("opened", "clicked")}
    expected |= {MACHINE[kind, channel]: at for kind, at in by_machine.items() if (kind, channel) in MACHINE}
    entries = told(channel, [said])
    assert {name: at for _, name, at, _ in entries} == {name: min(at) for name, at in expected.items() if at}
    carried = {"source_id": "7", "source": "Spring", "topic": "offers"}
    assert all(properties == carried for *_, properties in entries)


def attempt(n: int, state: str) -> Attempt:
    return Attempt(DeliveryId(n), n, "email", "a", state)


@given(st.lists(states, max_size=5), st.sampled_from(folds))
def test_one_arrival_makes_it_delivered_and_only_that(made, failover_on):
    arrived = any(state in ("delivered", "read") for state in made)
    attempts = [attempt(n, state) for n, state in enumerate(made, 1)]
    assert (outcome(attempts, failover_on=failover_on) == "delivered") == arrived


@given(st.lists(states, min_size=1, max_size=4), st.data())
def test_what_is_delivered_stays_delivered_when_more_is_heard(made, data):
    n = data.draw(st.integers(0, len(made) - 1))
    rises = [state for state in RANK if made[n] in RANK and RANK[state] >= RANK[made[n]]] or [made[n]]
    later = [*made[:n], data.draw(st.sampled_from(rises)), *made[n + 1 :]]
    before, after = (
        outcome([attempt(n, state) for n, state in enumerate(each, 1)], failover_on="definite")
        for each in (made, later)
    )
    assert before != "delivered" or after == "delivered"


@pytest.mark.parametrize(
    ("code", "ends"),
    [
        ("complaint", ("delivered", None)),
        ("complaint abuse", ("delivered", None)),
        ("unsubscribe", ("delivered", None)),
        ("dropped", ("failed", "optout")),
        ("", ("failed", "optout")),
    ],
)
def test_an_objection_proves_that_it_arrived_and_a_refusal_that_it_did_not(code, ends):
    """Either is an opt-out; only after a refusal is another channel tried."""
    heard = fold([Receipt("opted_out", NOW, delivery=DeliveryId(1), failure="optout", code=code)])
    assert heard.opted_out
    assert (heard.state, heard.failure if heard.state == "failed" else None) == ends
