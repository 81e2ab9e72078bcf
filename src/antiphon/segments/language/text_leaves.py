"""The leaves in words. A leaf is its word, its subject and clauses in any order; one table reads and writes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any as Json  # JSON: what it is depends on the leaf
from typing import NamedTuple

from antiphon.kernel.said import worded
from antiphon.segments.language.text_kinds import (
    DURATION,
    HOURS,
    INSTANT,
    NAME,
    NAMES,
    NEAR,
    PERCENT,
    SCALAR,
    SCALARS,
    WITHIN,
    Kind,
    behind,
    listed,
    said,
)
from antiphon.segments.language.text_reader import Reader


class _Operator(NamedTuple):
    op: str
    words: tuple[str, ...]
    operand: Kind
    unsaid: Json = None
    """The value where the words say it already."""


_NOTHING = Kind(lambda _: None, lambda _: [])
_OPERATORS = (
    _Operator("eq", ("=",), SCALAR),
    _Operator("ne", ("!=",), SCALAR),
    _Operator("gt", (">",), SCALAR),
    _Operator("gte", (">=",), SCALAR),
    _Operator("lt", ("<",), SCALAR),
    _Operator("lte", ("<=",), SCALAR),
    _Operator("in", ("in",), SCALARS),
    _Operator("not_in", ("not", "in"), SCALARS),
    _Operator("contains", ("contains",), SCALAR),
    _Operator("starts_with", ("starts", "with"), SCALAR),
    _Operator("ends_with", ("ends", "with"), SCALAR),
    _Operator("exists", ("exists",), _NOTHING, True),
    _Operator("exists", ("missing",), _NOTHING, False),
    _Operator("before", ("before",), INSTANT),
    _Operator("after", ("after",), INSTANT),
    _Operator("within", ("within",), DURATION),
    _Operator("ago", ("ago",), DURATION),
    _Operator("next", ("next",), DURATION),
    _Operator("anniversary", ("anniversary",), DURATION),
)
_TIME_WORDS = ("before", "after", "within", "ago")


def _read_comparison(reader: Reader) -> dict[str, Json]:
    reader.read(".op", lambda _: None)
    for operator in _OPERATORS:
        if reader.take(*operator.words):
            if operator.operand is not _NOTHING:
                return {"op": operator.op, "value": reader.read(".value", operator.operand.read)}
            return {"op": operator.op} | ({} if operator.unsaid else {"value": False})
    raise reader.refusal()


def _write_comparison(value: Mapping[str, Json]) -> list[str]:
    for operator in _OPERATORS:
        if operator.op == value["op"] and operator.unsaid in (None, value.get("value", True)):
            return behind(" ".join(operator.words), operator.operand.write(value.get("value")) or [])
    raise AssertionError(value["op"])  # parse knows no other


_COMPARISON = Kind(_read_comparison, _write_comparison)


def _compared(field: str) -> Kind:
    """A trait or a property, and what it is compared with."""

    def read(reader: Reader) -> dict[str, Json]:
        return {field: reader.read(f".{field}", NAME.read)} | _read_comparison(reader)

    def write(value: Mapping[str, Json]) -> list[str]:
        return behind((NAME.write(value[field]) or [])[0], _write_comparison(value))

    return Kind(read, write)


_PROPERTY = _compared("property")
_PROPERTIES = listed(_PROPERTY, between="and")


def _read_where(reader: Reader) -> list[Json]:
    return _PROPERTIES.read(reader) if reader.sees("(") else [reader.read("[0]", _PROPERTY.read)]


def _write_where(value: Sequence[Json]) -> list[str] | None:
    if not value:
        return None
    return _PROPERTIES.write(value) if value[1:] else _PROPERTY.write(value[0])


def _read_end(reader: Reader) -> Json:
    """The first or last event: its time, or a property of it."""
    return (_COMPARISON if reader.token.text in _TIME_WORDS else _PROPERTY).read(reader)


def _write_end(value: Mapping[str, Json]) -> list[str] | None:
    return (_PROPERTY if "property" in value else _COMPARISON).write(value)


def _read_account(reader: Reader) -> Json:
    return _compared("trait").read(reader) if reader.take("where") else NAME.read(reader)


def _write_account(value: Json) -> list[str] | None:
    return behind("where", _compared("trait").write(value) or []) if isinstance(value, dict) else NAME.write(value)


def _read_steps(reader: Reader) -> list[Json]:
    steps = [reader.read("[0]", _read_step)]
    while reader.take("then"):
        steps.append(reader.read(f"[{len(steps)}]", _read_step))
    return steps


def _read_step(reader: Reader) -> Json:
    event = reader.read(".event", NAME.read)
    return {"event": event, "where": reader.read(".where", _read_where)} if reader.take("where") else event


def _write_steps(value: Sequence[Json]) -> list[str]:
    pieces: list[str] = []
    for step in value:
        event, where = (step["event"], step.get("where")) if isinstance(step, dict) else (step, None)
        pieces += behind("then", NAME.write(event) or []) if pieces else NAME.write(event) or []
        pieces += behind("where", _write_where(where) or []) if where else []
    return pieces


class _Clause(NamedTuple):
    word: str
    kind: Kind
    key: str


class _Shape(NamedTuple):
    """How a leaf is said; `compared`: after its subject comes a comparison, beside it in JSON."""

    subject: Kind
    clauses: tuple[_Clause, ...] = ()
    compared: bool = False
    words: tuple[str, ...] = ()


def _clauses(kind: Kind, *words: str) -> tuple[_Clause, ...]:
    return tuple(_Clause(word, kind, word) for word in words)


_WHERE = _clauses(Kind(_read_where, _write_where), "where")
_WINDOW = (
    *_clauses(WITHIN, "within"),
    *_clauses(NAME, "zone"),
    *_clauses(DURATION, "ago"),
    *_clauses(INSTANT, "from", "to"),
)
_MEASURES = (
    *_clauses(_COMPARISON, "count", "days"),
    *_clauses(_PROPERTY, "sum", "average", "min", "max", "distinct", "most"),
    *_clauses(Kind(_read_end, _write_end), "first", "last"),
)
_COMPLETE = (_Clause("complete", said(True), "complete"), _Clause("incomplete", said(False), "complete"))
_MESSAGE = (*_clauses(NAME, "channel", "topic", "campaign", "by"), *_WHERE, *_WINDOW, *_clauses(_COMPARISON, "count"))
LEAVES: Mapping[str, _Shape] = {
    "event": _Shape(NAMES, (*_WHERE, *_WINDOW, *_MEASURES)),
    "computed": _Shape(NAME, compared=True),
    "message": _Shape(NAME, _MESSAGE),
    "trait": _Shape(NAME, compared=True),
    "changed": _Shape(NAME, (*_clauses(SCALAR, "from", "to"), *_clauses(DURATION, "within"))),
    "account": _Shape(Kind(_read_account, _write_account)),
    "segment": _Shape(NAME, _clauses(DURATION, "for")),
    "entered": _Shape(NAME, _clauses(DURATION, "within")),
    "left": _Shape(NAME, _clauses(DURATION, "within")),
    "reachable": _Shape(NAME, _clauses(NAME, "topic")),
    "preference": _Shape(NAME, _clauses(NAME, "channel", "state")),
    "consent": _Shape(NAME, (*_clauses(NAME, "channel"), *_clauses(said(True), "confirmed"))),
    "mobile": _Shape(_COMPARISON, _clauses(NAME, "channel")),
    "near": _Shape(NEAR),
    "local_time": _Shape(HOURS, words=("local", "time")),
    "random": _Shape(PERCENT, (*_clauses(PERCENT, "first"), *_clauses(NAME, "seed"))),
    "sequence": _Shape(Kind(_read_steps, _write_steps), (*_WINDOW, *_clauses(DURATION, "span"), *_COMPLETE)),
}


def read_leaf(reader: Reader) -> dict[str, Json] | None:
    """None where no leaf begins."""
    for key, shape in LEAVES.items():
        if reader.take(*(shape.words or (key,))):
            found = {key: reader.read(f".{key}", shape.subject.read)}
            if shape.compared:
                found |= _read_comparison(reader)
            while (clause := _read_word(reader, shape, found)) is not None:
                found[clause.key] = reader.read(f".{clause.key}", clause.kind.read)
            return found
    return None


def _read_word(reader: Reader, shape: _Shape, found: Mapping[str, Json]) -> _Clause | None:
    for clause in shape.clauses:
        if clause.key in found and reader.sees(clause.word):
            raise reader.refusal(worded("{key} is said already.", key=clause.key))
        if reader.take(clause.word):
            return clause
    return None


def write_leaf(document: Mapping[str, Json]) -> list[str]:
    """The leaf in pieces, between which a line may be broken."""
    key, shape = next((key, shape) for key, shape in LEAVES.items() if key in document)
    pieces = behind(" ".join(shape.words or (key,)), shape.subject.write(document[key]) or [])
    if shape.compared:
        pieces = behind(" ".join(pieces), _write_comparison(document))
    for clause in shape.clauses:
        more = clause.kind.write(document[clause.key]) if clause.key in document else None
        pieces += [] if more is None else behind(clause.word, more)
    return pieces
