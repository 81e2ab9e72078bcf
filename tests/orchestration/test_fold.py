"""Receipts fold to one state, whatever their order and number."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from antiphon.kernel.records import DeliveryId, Receipt, ReceiptKind
from antiphon.orchestration.fold import FINAL_FROM_QUEUED, RANK, fold, higher, outcome
from antiphon.orchestration.records import Attempt

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


@given(st.lists(receipts, max_size=6))
def test_who_clicked_had_opened_before_and_the_first_time_counts(said):
    folded = fold(said)
    by_people = [r.at for r in said if r.kind in ("opened", "clicked") and not r.machine]
    assert folded.opened_at == min(by_people, default=None)
    assert folded.clicked_at is None or folded.opened_at <= folded.clicked_at


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
