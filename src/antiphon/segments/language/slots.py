"""The leaves of a rule as forms: what may be filled in where, so that a screen can show each without knowing it.

docs/reference/rules.md is the page about them; a test holds that every key that `parse` knows has its place here.
"""

from __future__ import annotations

from typing import Any, Literal, get_args

from msgspec import Struct

from antiphon.kernel.records import Channel
from antiphon.segments.language.conditions import OPS, PROPERTY_OPS
from antiphon.segments.language.happenings import STEPS_MAX
from antiphon.segments.language.measures import COMPUTED_OPS, MEASURES, NUMBER_OPS, TIME_OPS
from antiphon.segments.language.people import KM_MAX
from antiphon.segments.language.rules import NUMBERS, By, Day, Engagement, Op, Wish

ValueKind = Literal["scalar", "number", "text", "choices", "flag", "instant", "duration", "days"]
SlotKind = Literal[
    "name", "names", "choice", "choices", "comparison", "conditions", "measure", "window", "duration", "number", "text",
    "scalar", "flag", "clock", "steps",
]  # fmt: skip
Names = Literal["traits", "computed", "events", "properties", "segments", "topics", "channels", "campaigns"]
Group = Literal["person", "behaviour", "messages", "wishes", "groups", "place", "chance"]
Type = Literal["text", "number", "boolean", "date", "list"]


class Operator(Struct, frozen=True):
    """`value`: what it compares with; `flag` is there or not. `types` of known values that it fits, all when empty."""

    name: str
    value: ValueKind
    types: list[Type]


class Slot(Struct, frozen=True, kw_only=True):
    """Something that can be filled in.

    `at` leads from the leaf to it (`near.km`), or to the object that has its keys: `op` and `value` of a comparison,
    `within` and its like of a window, the measure's name; empty: the leaf itself. `names`: which known names may stand
    there; others may too.
    """

    at: str
    kind: SlotKind
    needed: bool = False
    names: Names | None = None
    choices: list[str] = []
    operators: list[str] = []
    least: float | None = None
    most: float | None = None


class LeafForm(Struct, frozen=True, kw_only=True):
    """`name` for people, `key` in the rule. `start` is a new one; what is empty in it is to be filled in."""

    name: str
    key: str
    group: Group
    slots: list[Slot]
    start: dict[str, Any]  # Any: a rule


class MeasureForm(Struct, frozen=True):
    """`property`: whether it looks at one. `operators` with a property, `bare` without."""

    name: str
    property: Literal["never", "always", "maybe"]
    operators: list[str]
    bare: list[str]


_VALUES: dict[Op, ValueKind] = {
    "eq": "scalar", "ne": "scalar", "gt": "number", "gte": "number", "lt": "number", "lte": "number",
    "in": "choices", "not_in": "choices", "contains": "scalar", "starts_with": "text", "ends_with": "text",
    "exists": "flag", "before": "instant", "after": "instant", "within": "duration", "ago": "duration",
    "next": "duration", "anniversary": "days",
}  # fmt: skip
_NUMBER: list[Type] = ["number"]
_DATE: list[Type] = ["date"]
_TYPES: dict[Op, list[Type]] = {
    "gt": _NUMBER, "gte": _NUMBER, "lt": _NUMBER, "lte": _NUMBER, "in": ["text", "number"],
    "not_in": ["text", "number"],
    "contains": ["text", "list"], "starts_with": ["text"], "ends_with": ["text"],
    "before": _DATE, "after": _DATE, "within": _DATE, "ago": _DATE, "next": _DATE, "anniversary": _DATE,
    "eq": ["text", "number", "boolean"], "ne": ["text", "number", "boolean"],
}  # fmt: skip
_CHANNELS = [channel.value for channel in Channel]


def operators() -> list[Operator]:
    return [Operator(op, _VALUES[op], _TYPES.get(op, [])) for op in OPS]


def measures() -> list[MeasureForm]:
    return [_measure(of) for of in MEASURES]


def _measure(of: str) -> MeasureForm:
    if of in ("count", "days"):
        return MeasureForm(of, "never", [], [*NUMBER_OPS])
    if of in NUMBERS:
        return MeasureForm(of, "always", [*NUMBER_OPS], [])
    if of == "most":
        return MeasureForm(of, "always", [*PROPERTY_OPS], [])
    return MeasureForm(of, "maybe", [*PROPERTY_OPS], [*TIME_OPS])


_WINDOW = Slot(at="", kind="window")
_WHERE = Slot(at="where", kind="conditions", names="properties", operators=[*PROPERTY_OPS])
_LEAST = {"op": "gte", "value": 1}


def _name(at: str, names: Names | None, *, needed: bool = True) -> Slot:
    return Slot(at=at, kind="name", names=names, needed=needed)


def _choice(at: str, choices: list[str], *, needed: bool = False) -> Slot:
    return Slot(at=at, kind="choice", choices=choices, needed=needed)


def _channel(*, needed: bool = False, every: bool = False) -> Slot:
    return _choice("channel", [*_CHANNELS, "*"] if every else _CHANNELS, needed=needed)


def _compare(at: str, names: Names | None, known: tuple[Op, ...]) -> Slot:
    return Slot(at=at, kind="comparison", names=names, operators=[*known], needed=True)


def _for(at: str) -> Slot:
    return Slot(at=at, kind="duration")


def _number(at: str, least: float, most: float, *, needed: bool = True) -> Slot:
    return Slot(at=at, kind="number", least=least, most=most, needed=needed)


FORMS: tuple[LeafForm, ...] = (
    LeafForm(
        name="trait", key="trait", group="person", start={"trait": "", "op": "eq", "value": ""},
        slots=[_name("trait", "traits"), _compare("", "traits", OPS)],
    ),
    LeafForm(
        name="computed", key="computed", group="person", start={"computed": "", "op": "gte", "value": 1},
        slots=[_name("computed", "computed"), _compare("", "computed", COMPUTED_OPS)],
    ),
    LeafForm(
        name="changed", key="changed", group="person", start={"changed": ""},
        slots=[
            _name("changed", "traits"), Slot(at="from", kind="scalar", names="traits"),
            Slot(at="to", kind="scalar", names="traits"), _for("within"),
        ],
    ),
    LeafForm(
        name="account", key="account", group="person", start={"account": ""}, slots=[_name("account", None)]
    ),
    LeafForm(
        name="account_trait", key="account", group="person",
        start={"account": {"trait": "", "op": "eq", "value": ""}},
        slots=[_name("account.trait", None), _compare("account", None, OPS)],
    ),
    LeafForm(
        name="event", key="event", group="behaviour", start={"event": ""},
        slots=[
            Slot(at="event", kind="names", names="events", needed=True), Slot(at="", kind="measure"), _WINDOW, _WHERE
        ],
    ),
    LeafForm(
        name="sequence", key="sequence", group="behaviour", start={"sequence": ["", ""]},
        slots=[
            Slot(at="sequence", kind="steps", names="events", needed=True, least=2, most=STEPS_MAX),
            Slot(at="complete", kind="flag"), _WINDOW, _for("span"),
        ],
    ),
    LeafForm(
        name="message", key="message", group="messages", start={"message": "opened", "within": "30d"},
        slots=[
            _choice("message", [*get_args(Engagement)], needed=True), _channel(),
            _name("topic", "topics", needed=False), _name("campaign", "campaigns", needed=False),
            _choice("by", [*get_args(By)]), _WINDOW,
            Slot(at="", kind="measure", choices=["count"]), _WHERE,
        ],
    ),
    LeafForm(
        name="mobile", key="mobile", group="messages", start={"mobile": {"op": "gte", "value": 0.5}},
        slots=[_compare("mobile", None, NUMBER_OPS), _channel()],
    ),
    LeafForm(
        name="reachable", key="reachable", group="wishes", start={"reachable": "email"},
        slots=[_choice("reachable", _CHANNELS, needed=True), _name("topic", "topics", needed=False)],
    ),
    LeafForm(
        name="preference", key="preference", group="wishes",
        start={"preference": "", "channel": "*", "state": "wanted"},
        slots=[
            _name("preference", "topics"), _channel(needed=True, every=True),
            _choice("state", [*get_args(Wish)], needed=True),
        ],
    ),
    LeafForm(
        name="consent", key="consent", group="wishes", start={"consent": "", "channel": "email"},
        slots=[_name("consent", "topics"), _channel(needed=True), Slot(at="confirmed", kind="flag")],
    ),
    LeafForm(
        name="segment", key="segment", group="groups", start={"segment": ""},
        slots=[_name("segment", "segments"), _for("for")],
    ),
    LeafForm(
        name="entered", key="entered", group="groups", start={"entered": "", "within": "7d"},
        slots=[_name("entered", "segments"), _for("within")],
    ),
    LeafForm(
        name="left", key="left", group="groups", start={"left": "", "within": "7d"},
        slots=[_name("left", "segments"), _for("within")],
    ),
    LeafForm(
        name="near", key="near", group="place", start={"near": {"latitude": 51.5, "longitude": -0.12, "km": 25}},
        slots=[_number("near.latitude", -90, 90), _number("near.longitude", -180, 180), _number("near.km", 0, KM_MAX)],
    ),
    LeafForm(
        name="local_time", key="local_time", group="place", start={"local_time": {"from": "09:00", "to": "18:00"}},
        slots=[
            Slot(at="local_time.from", kind="clock", needed=True), Slot(at="local_time.to", kind="clock", needed=True),
            Slot(at="local_time.days", kind="choices", choices=[*get_args(Day)]),
        ],
    ),
    LeafForm(
        name="random", key="random", group="chance", start={"random": 10, "seed": "a"},
        slots=[
            _number("random", 0, 100), _number("first", 0, 100, needed=False),
            Slot(at="seed", kind="text", needed=True),
        ],
    ),
)  # fmt: skip
"""A leaf of two shapes has two forms: an account by its key, and by a trait in an object."""
