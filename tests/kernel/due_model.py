"""Claim, touch and finish as values: what `kernel/due.py` promises, without a database.

A state is what the rows and the workers know. `moves` are all that can happen next; `explore` walks through every
interleaving up to a bound and names the promise that broke first, with the shortest way to it. Time is reduced to
what matters: a lease runs or has ended, a row is due or not.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

from msgspec import Struct
from msgspec.structs import replace

WORKERS = 3


class Row(Struct, frozen=True):
    """The columns of a due row, and the truth that no column holds: `happened` counts touches, `seen` those that an
    outcome has answered, `turns` the claims."""

    due: bool = True
    leased: bool = False
    lease: int = 0
    version: int = 0
    happened: int = 1
    seen: int = 0
    turns: int = 0


class Held(Struct, frozen=True):
    """What a worker took with its claim, and the truth: what had happened by then, and whose turn it was."""

    row: int
    lease: int
    version: int
    read: int
    turn: int


class State(Struct, frozen=True):
    rows: tuple[Row, ...]
    workers: tuple[Held | None, ...]

    def with_row(self, n: int, row: Row) -> State:
        return replace(self, rows=(*self.rows[:n], row, *self.rows[n + 1 :]))

    def with_worker(self, w: int, held: Held | None) -> State:
        return replace(self, workers=(*self.workers[:w], held, *self.workers[w + 1 :]))


class Move(Struct, frozen=True):
    """`who` is the worker that claims, finishes or dies."""

    act: str
    row: int
    who: int = -1


class Protocol(Struct, frozen=True):
    """How the numbers change, what a finish compares, and whether leases end."""

    claimed: Callable[[Row], Row]
    touched: Callable[[Row], Row]
    is_mine: Callable[[Row, Held], bool]
    is_unchanged: Callable[[Row, Held], bool]
    leases_end: bool = True


def _lease_raised(row: Row) -> Row:
    return replace(row, lease=row.lease + 1)


def _same(row: Row) -> Row:
    return row


TWO_NUMBERS = Protocol(
    claimed=_lease_raised,
    touched=lambda row: replace(row, version=row.version + 1),
    is_mine=lambda row, held: row.lease == held.lease,
    is_unchanged=lambda row, held: row.version == held.version,
)
"""What kernel/due.py does."""


def one_number(*, claim_raises: bool, touch_raises: bool, is_mine: Callable[[Row, Held], bool]) -> Protocol:
    """`lease` stands for both; `is_mine` is what a finish asks before it writes."""
    return Protocol(
        claimed=_lease_raised if claim_raises else _same,
        touched=_lease_raised if touch_raises else _same,
        is_mine=is_mine,
        is_unchanged=lambda row, held: row.lease == held.lease,
    )


def start(rows: int) -> State:
    return State(tuple(Row() for _ in range(rows)), (None,) * WORKERS)


def moves(state: State, protocol: Protocol, *, touches_max: int, claims_max: int) -> Iterator[Move]:
    """All that can happen next. The bounds, per row, make the walk finite."""
    for n, row in enumerate(state.rows):
        if row.happened <= touches_max:
            yield Move("touch", n)
        if row.leased and protocol.leases_end:
            yield Move("expire", n)
        if row.due and not row.leased and row.turns < claims_max:
            yield from (Move("claim", n, w) for w, held in enumerate(state.workers) if held is None)
    for w, held in enumerate(state.workers):
        if held is not None:
            yield Move("finish", held.row, w)
            yield Move("die", held.row, w)


def apply(state: State, move: Move, protocol: Protocol) -> tuple[State, str]:
    """The next state, and what a finish answered: `done`, `changed` or `late`."""
    row, n, w = state.rows[move.row], move.row, move.who
    if move.act == "touch":
        return state.with_row(n, replace(protocol.touched(row), due=True, happened=row.happened + 1)), ""
    if move.act == "expire":
        return state.with_row(n, replace(row, leased=False)), ""
    if move.act == "die":
        return state.with_worker(w, None), ""
    if move.act == "claim":
        taken = replace(protocol.claimed(row), leased=True, turns=row.turns + 1)
        held = Held(n, taken.lease, taken.version, row.happened, taken.turns)
        return state.with_row(n, taken).with_worker(w, held), ""
    return _finish(state, move, protocol)


def _finish(state: State, move: Move, protocol: Protocol) -> tuple[State, str]:
    row, held = state.rows[move.row], state.workers[move.who]
    assert held is not None
    state = state.with_worker(move.who, None)
    if not protocol.is_mine(row, held):
        return state, "late"
    if protocol.is_unchanged(row, held):
        return state.with_row(move.row, replace(row, leased=False, due=False, seen=held.read)), "done"
    return state.with_row(move.row, replace(row, leased=False, seen=held.read)), "changed"


LOST = "a touch is lost: the row is not due, though more happened than was read"
TWO_HOLDERS = "two workers hold the row: the late one would overwrite what the other writes"
THROWN_AWAY = "work is thrown away: nobody else has claimed the row, and still it may not write"
STUCK = "a due row is never finished"


def broken(state: State, protocol: Protocol) -> str:
    """The promise that does not hold here; empty if all do."""
    for row in state.rows:
        if row.seen < row.happened and not row.due:
            return LOST
    held = [each for each in state.workers if each]
    mine = [each for each in held if protocol.is_mine(state.rows[each.row], each)]
    if any(each.turn != state.rows[each.row].turns for each in mine):
        return TWO_HOLDERS
    if any(each.turn == state.rows[each.row].turns for each in held if each not in mine):
        return THROWN_AWAY
    return "" if is_finished_in_the_end(state, protocol) else STUCK


def is_finished_in_the_end(state: State, protocol: Protocol) -> bool:
    """All workers die, leases end where they do, then one new worker claims and finishes what it can."""
    state = replace(state, workers=(None,) * WORKERS)
    for n, row in enumerate(state.rows):
        if row.leased and protocol.leases_end:
            state, _ = apply(state, Move("expire", n), protocol)
        if state.rows[n].due and not state.rows[n].leased:
            state, _ = apply(state, Move("claim", n, 0), protocol)
            state, _ = apply(state, Move("finish", n, 0), protocol)
    return not any(row.due for row in state.rows)


class Walk(Struct, frozen=True):
    """`way` leads to the broken promise; `promise` is empty where all are kept."""

    states: int
    promise: str = ""
    way: tuple[Move, ...] = ()


def explore(protocol: Protocol, *, rows: int, touches_max: int, claims_max: int) -> Walk:
    """Breadth first over all states; workers are alike, so states that differ by their order are one."""
    first = start(rows)
    came: dict[State, tuple[State, Move]] = {}
    seen, queue = {_alike(first)}, deque([first])
    while queue:
        state = queue.popleft()
        for move in moves(state, protocol, touches_max=touches_max, claims_max=claims_max):
            after, _ = apply(state, move, protocol)
            if (key := _alike(after)) in seen:
                continue
            seen.add(key)
            came[after] = (state, move)
            queue.append(after)
            if promise := broken(after, protocol):
                return Walk(len(seen), promise, _way_to(after, came))
    return Walk(len(seen))


def _alike(state: State) -> tuple[object, ...]:
    held = sorted((each.row, each.lease, each.version, each.read, each.turn) for each in state.workers if each)
    return (state.rows, *held)


def _way_to(state: State, came: dict[State, tuple[State, Move]]) -> tuple[Move, ...]:
    way: list[Move] = []
    while state in came:
        state, move = came[state]
        way.append(move)
    return tuple(reversed(way))
