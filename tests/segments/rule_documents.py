"""Every rule that can be said, as hypothesis draws them: documents with all keys that the language knows."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from antiphon.kernel.records import Channel

Document = st.SearchStrategy[dict[str, Any]]

_NUMBER_OPS = ("eq", "ne", "gt", "gte", "lt", "lte")
_TRICKY = [
    "a",
    "cart added",
    "and",
    "Where",
    "where",
    "within",
    "ago",
    "first",
    "items[].sku",
    "a.b-c",
    "*",
    "x.",
    "größe",
]
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
names = st.sampled_from([*_TRICKY, "true", "7d", "2026-05-01", 'a "b"\\', "#", "\n", "then", "on"]) | texts.filter(bool)
fields = names.filter(lambda name: name.count(".") < 10)
numbers = st.integers(-(10**20), 10**20) | st.floats(-1e300, 1e300) | st.sampled_from([0, 1, 1.0, -0.0, 1e-7, 1e300])
scalars = texts | numbers | st.booleans()
counts = st.integers(0, 10**9)
durations = st.builds("{}{}".format, st.integers(1, 36_500), st.sampled_from("smhd")) | st.just("007d")
dates = st.sampled_from(["2026-05-01", "2026-05-01T12:00:00Z", "2026-05-01t12:00z", "2026-05-01 12:00:00.5+02:00"])
channels = st.sampled_from([channel.value for channel in Channel])


def form(required: dict[str, Any], **optional: Any) -> Document:
    return st.fixed_dictionaries(required, optional=optional)


def compared(subject: dict[str, Any], ops: tuple[str, ...]) -> Document:
    """An operator with a value of the kind that it takes."""
    operands: dict[str, Any] = dict.fromkeys(("gt", "gte", "lt", "lte"), numbers)
    operands |= dict.fromkeys(("eq", "ne", "contains"), scalars) | dict.fromkeys(("starts_with", "ends_with"), texts)
    operands |= dict.fromkeys(("in", "not_in"), st.lists(scalars, min_size=1, max_size=12))
    operands |= dict.fromkeys(("before", "after"), dates) | dict.fromkeys(("within", "ago", "next"), durations)
    operands["anniversary"] = st.builds("{}d".format, st.integers(0, 366))
    operands["exists"] = st.booleans()
    given = [form(subject | {"op": st.just(op), "value": operands[op]}) for op in ops]
    bare = [form(subject | {"op": st.just("exists")})] if "exists" in ops else []
    return st.one_of(*given, *bare)


def numeric(values: Any, **subject: Any) -> Document:
    return form(subject | {"op": st.sampled_from(_NUMBER_OPS), "value": values})


_PROPERTY_OPS = (*_NUMBER_OPS, "in", "not_in", "contains", "starts_with", "ends_with", "exists", "before", "after")
_TRAIT_OPS = (*_PROPERTY_OPS, "within", "ago", "next", "anniversary")
_TIME_OPS = ("before", "after", "within", "ago")
properties = compared({"property": fields}, _PROPERTY_OPS)
where = st.lists(properties, max_size=3)
_one_value = fields.filter(lambda name: "[]" not in name)

_calendar = st.one_of(*(form({unit: st.integers(1, 100)}) for unit in ("days", "weeks", "months", "years")))
_LATE = {"to": st.sampled_from(["2026-06-01", "2026-07-01T00:00:00+02:00"])}
windows = st.one_of(
    form({}, within=durations, **_LATE),
    form({}, ago=durations, **{"from": dates}, **_LATE),
    form({"within": st.builds("{}d".format, st.integers(2, 99)), "ago": st.sampled_from(["1d", "90s"])}),
    form({"within": _calendar}, zone=st.sampled_from(["person", "company"]), ago=durations),
)

_measured = [
    *({of: numeric(counts)} for of in ("count", "days")),
    *({of: numeric(numbers, property=_one_value)} for of in ("sum", "average", "min", "max")),
    {"distinct": numeric(counts, property=_one_value)},
    {"most": compared({"property": _one_value}, _PROPERTY_OPS)},
    *({of: compared({"property": _one_value}, _PROPERTY_OPS) | compared({}, _TIME_OPS)} for of in ("first", "last")),
]
measures: Document = st.just({}) | st.one_of(*map(st.fixed_dictionaries, _measured))


def joined(*parts: Document) -> Document:
    return st.tuples(*parts).map(lambda found: {key: value for part in found for key, value in part.items()})


_said = form({}, topic=names, campaign=names, where=where, count=numeric(counts))
_opened = form({"message": st.sampled_from(["opened", "clicked"])}, by=st.sampled_from(["person", "machine", "any"]))
_sent = form({"message": st.sampled_from(["sent", "delivered"])}, channel=st.sampled_from(["email", "sms", "push"]))
steps = st.lists(names | form({"event": names}, where=where), min_size=2, max_size=4)
_clock = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.integers(0, 59))
_week = st.sampled_from(["mon", "tue", "wed", "thu", "fri", "sat", "sun"])
_half = st.integers(1, 50) | st.floats(0.01, 50)
_place = form(
    {
        "latitude": st.floats(-90, 90),
        "longitude": st.integers(-180, 180) | st.just(-1e-7),
        "km": st.floats(1e-9, 20_000),
    }
)

_leaves: Document = st.one_of(
    joined(form({"event": names | st.lists(names, min_size=1, max_size=3)}, where=where), windows, measures),
    compared({"computed": names}, (*_PROPERTY_OPS, "within", "ago")),
    joined(_opened | _sent, _said, windows),
    form({"message": st.just("replied")}),
    compared({"trait": fields}, _TRAIT_OPS),
    form({"changed": fields}, within=durations, **{"from": scalars, "to": scalars}),
    form({"account": names | compared({"trait": fields}, _TRAIT_OPS)}),
    form({"segment": names}, **{"for": durations}),
    form({"entered": names}, within=durations),
    form({"left": names}, within=durations),
    form({"reachable": channels}, topic=names),
    form({"preference": names, "channel": channels | st.just("*"), "state": st.sampled_from(["wanted", "unset"])}),
    form({"consent": names, "channel": channels}, confirmed=st.booleans()),
    form({"mobile": numeric(st.floats(0, 1) | st.integers(0, 1))}, channel=channels),
    form({"near": _place}),
    form({"local_time": form({"from": _clock, "to": _clock}, days=st.lists(_week, min_size=1, max_size=7))}),
    form({"random": _half, "seed": names}, first=_half | st.just(0)),
    joined(form({"sequence": steps}, span=durations, complete=st.booleans()), windows),
)


@st.composite
def _leaf(draw: st.DrawFn) -> dict[str, Any]:
    """By a name of its own: hypothesis writes out what others are made of, here far too much."""
    return draw(_leaves)


documents: Document = st.recursive(
    _leaf(),
    lambda inner: (
        form({"not": inner})
        | form({"all": st.lists(inner, min_size=1, max_size=4)})
        | form({"any": st.lists(inner, min_size=1, max_size=4)})
    ),
    max_leaves=10,
)
