"""Rules of the whole language, over a vocabulary so small that they meet what happens in `generated_stories`."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

Strategy = st.SearchStrategy[Any]

EVENTS = ["looked", "added", "bought"]
MESSAGES = ["Email Sent", "Email Opened", "Email Opened By Machine", "SMS Link Clicked", "Push Opened"]
DURATIONS = ["90m", "2h", "1d", "3d", "9d", "40d"]
DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
TOPICS = ["coupons", "law", "proof"]
DATES = ["2025-12-30", "2026-01-01", "2026-01-02T03:00:00Z", "2026-01-01T12:00:00+02:00", "2026-02-09", "2024-02-29"]
PLACES = [(51.5, -0.13), (48.85, 2.35), (41.9, 12.5), (0, 179.9)]
TIMED, COMPUTED, LIST = "timed", ("spent", "visits", "idle", "latest", "favourite"), "vip"
"""Names that `generated_stories` gives to a segment, computed traits and a list before a story begins."""

events = st.sampled_from(EVENTS)
durations = st.sampled_from(DURATIONS)
accounts = st.sampled_from(["acme", "house"])
channels = st.sampled_from(["email", "sms"])
topics = st.sampled_from(TOPICS)
number_ops = st.sampled_from(["eq", "ne", "gt", "gte", "lt", "lte"])
scalars = st.sampled_from(["gold", "silver", "old", "Gold", "", 0, 1, 2, 2.5, -1, True, False])
amounts = st.sampled_from([0, 1, 2, 10, 0.1, 0.2, -3, "7", None, True])
dates = st.sampled_from(DATES)
paths = st.sampled_from(["amount", "tier", "address.city", "tags", "tags[]", "items[].sku", "items[].n"])
fields = st.sampled_from(["amount", "tier", "address.city"])


def some(**fixed: Strategy | str) -> Strategy:
    return st.fixed_dictionaries(
        {name: st.just(each) if isinstance(each, str) else each for name, each in fixed.items()}
    )


def maybe(base: Strategy, **optional: Strategy) -> Strategy:
    return st.tuples(base, st.fixed_dictionaries({}, optional=optional)).map(lambda two: {**two[0], **two[1]})


def both(one: Strategy, other: Strategy) -> Strategy:
    return st.tuples(one, other).map(lambda two: {**two[0], **two[1]})


_VALUES: dict[str, Strategy] = {
    **dict.fromkeys(("eq", "ne", "contains"), scalars),
    **dict.fromkeys(("gt", "gte", "lt", "lte"), st.sampled_from([0, 1, 0.2, 2])),
    **dict.fromkeys(("in", "not_in"), st.lists(scalars, min_size=1, max_size=3)),
    **dict.fromkeys(("before", "after"), dates),
    **dict.fromkeys(("starts_with", "ends_with"), st.sampled_from(["go", "old", "", "G"])),
    "exists": st.booleans(),
}
comparisons = st.sampled_from(sorted(_VALUES)).flatmap(lambda op: some(op=op, value=_VALUES[op]))
numbers = some(op=number_ops, value=st.sampled_from([0, 0.3, 1, 3, 10]))
wholes = some(op=number_ops, value=st.integers(0, 3))
relative = st.one_of(
    some(op=st.sampled_from(["within", "ago", "next"]), value=durations),
    some(op="anniversary", value=st.sampled_from(["0d", "1d", "9d", "40d", "366d"])),
)
times = st.one_of(
    some(op=st.sampled_from(["within", "ago"]), value=durations),
    some(op=st.sampled_from(["before", "after"]), value=dates),
)


def conditions(field: str, names: Strategy = paths) -> Strategy:
    return both(st.fixed_dictionaries({field: names}), comparisons)


_CALENDAR = st.one_of(
    some(days=st.integers(1, 4)), some(weeks=st.integers(1, 2)), some(months=st.integers(1, 3)), some(years=st.just(1))
)
windows = st.one_of(
    st.just({}),
    some(within=durations),
    some(within=durations),
    maybe(some(within=_CALENDAR), zone=st.sampled_from(["person", "company"])),
    some(ago=durations),
    st.sampled_from([{"within": "3d", "ago": "90m"}, {"within": "9d", "ago": "1d"}, {"within": "40d", "ago": "3d"}]),
    st.sampled_from(
        [{"from": "2025-12-31"}, {"to": "2026-01-03"}, {"from": "2025-12-30T09:00:00+01:00", "to": "2026-02-01"}]
    ),
)
where = st.lists(conditions("property"), max_size=1)
_amount = some(property=fields)
_measures = st.one_of(
    st.fixed_dictionaries({"count": wholes}),
    st.fixed_dictionaries({"days": wholes}),
    st.fixed_dictionaries({"distinct": both(_amount, wholes)}),
    *(st.fixed_dictionaries({of: both(_amount, numbers)}) for of in ("sum", "average", "min", "max")),
    *(st.fixed_dictionaries({of: both(_amount, comparisons)}) for of in ("first", "last", "most")),
    *(st.fixed_dictionaries({of: times}) for of in ("first", "last")),
)
_named = st.one_of(events, events, st.lists(events, min_size=1, max_size=2, unique=True))
_happened = both(maybe(some(event=_named), where=where), windows)
_messages = st.one_of(
    st.sampled_from([("sent", {}), ("opened", {}), ("clicked", {}), ("replied", {}), ("delivered", {})]),
    st.sampled_from([("opened", {"by": "machine"}), ("clicked", {"by": "any"}), ("opened", {"by": "any"})]),
    st.sampled_from(
        [("clicked", {"channel": "push"}), ("clicked", {"channel": "sms"}), ("sent", {"channel": "email"})]
    ),
).map(lambda two: {"message": two[0], **two[1]})
_steps = st.lists(st.one_of(events, events, some(event=events, where=where)), min_size=2, max_size=3)

about_events = st.one_of(
    _happened,
    both(_happened, st.fixed_dictionaries({"count": wholes})),
    both(_happened, _measures),
    both(_happened, _measures),
    maybe(both(_messages, windows), campaign=st.just("spring"), topic=topics, where=where, count=wholes),
    maybe(both(some(sequence=_steps), windows), complete=st.booleans(), span=durations),
)
about_people = st.one_of(
    conditions("trait"),
    both(some(trait=st.sampled_from(["born", "tier", "seen_at", "dates[]"])), relative),
    maybe(some(changed=st.sampled_from(["tier", "amount"])), within=durations, to=scalars, **{"from": scalars}),
    some(account=st.one_of(accounts, conditions("trait", fields), both(some(trait="renewal"), relative))),
    some(mobile=some(op=number_ops, value=st.sampled_from([0, 0.25, 0.5, 1]))),
    maybe(some(mobile=some(op=number_ops, value=st.sampled_from([0, 0.25, 0.5, 1]))), channel=channels),
    st.tuples(st.sampled_from(PLACES), st.sampled_from([50, 500, 2000])).map(
        lambda two: {"near": {"latitude": two[0][0], "longitude": two[0][1], "km": two[1]}}
    ),
    some(
        local_time=maybe(
            some(
                **{
                    "from": st.sampled_from(["00:00", "09:00", "12:30", "23:00"]),
                    "to": st.sampled_from(["00:00", "09:00", "18:00", "01:30"]),
                }
            ),
            days=st.lists(st.sampled_from(DAYS), min_size=1, max_size=4, unique=True),
        )
    ),
    maybe(
        some(random=st.sampled_from([0.5, 30, 50]), seed=st.sampled_from(["a", "b"])), first=st.sampled_from([0, 50])
    ),
)
about_wishes = st.one_of(
    maybe(some(reachable=channels), topic=topics),
    some(reachable=channels, topic=topics),
    some(
        preference=st.one_of(topics, st.just("*")),
        channel=st.one_of(channels, st.just("*")),
        state=st.sampled_from(["wanted", "unwanted", "unset", "paused"]),
    ),
    maybe(some(consent=topics, channel=channels), confirmed=st.booleans()),
)
_COMPUTED_OPS: dict[str, Strategy] = {
    "spent": numbers, "visits": wholes, "idle": wholes, "latest": times, "favourite": comparisons,
}  # fmt: skip
about_names = st.one_of(
    some(segment=st.sampled_from([TIMED, LIST])),
    st.sampled_from(sorted(_COMPUTED_OPS)).flatmap(lambda name: both(some(computed=name), _COMPUTED_OPS[name])),
)
about_history = st.one_of(
    some(segment=st.sampled_from([TIMED, LIST]), **{"for": durations}),
    st.tuples(
        st.sampled_from(["entered", "left"]), st.sampled_from([TIMED, LIST]), st.one_of(st.none(), durations)
    ).map(lambda three: {three[0]: three[1]} | ({"within": three[2]} if three[2] else {})),
)


def combined(parts: Strategy) -> Strategy:
    several = st.lists(parts, min_size=1, max_size=3)
    return st.one_of(
        st.fixed_dictionaries({"all": several}),
        st.fixed_dictionaries({"any": several}),
        st.fixed_dictionaries({"not": parts}),
    )


leaves = st.one_of(about_events, about_events, about_people, about_wishes)
rules = st.recursive(leaves, combined, max_leaves=4)
"""They name nothing that must be made before."""
naming = st.recursive(st.one_of(leaves, about_names), combined, max_leaves=4)
remembering = st.recursive(st.one_of(leaves, about_names, about_history), combined, max_leaves=3)
"""They also ask for what was noted of memberships."""
