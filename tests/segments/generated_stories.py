"""What happens to a handful of people, in any order: strategies, and how each act is done on a stage."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from antiphon import segments
from segments.generated import (
    COMPUTED,
    EVENTS,
    LIST,
    MESSAGES,
    PLACES,
    TIMED,
    TOPICS,
    Strategy,
    accounts,
    amounts,
    dates,
    durations,
    naming,
    remembering,
    rules,
    scalars,
    some,
)
from segments.stage import Stage

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
PEOPLE = ["ada", "bob", "cleo", "dan", "eve", "fay"]
ZONES = ["Europe/London", "America/New_York", "Pacific/Auckland", "Asia/Kathmandu", "Middle/Earth", 5, None]

people = st.sampled_from(PEOPLE)
lists = st.sampled_from([["gold", 1], ["old"], [], "gold", ["2026-01-01", "1990-02-10"]])
_shape: dict[str, Strategy] = {
    "amount": amounts,
    "tier": scalars,
    "tags": lists,
    "items": st.sampled_from([[{"sku": "gold", "n": 2}, {"sku": 1}], [{"n": True}], {"sku": "gold"}]),
    "address": st.sampled_from([{"city": "gold"}, {"city": 1}, {}]),
}
properties = st.fixed_dictionaries(
    {}, optional=_shape | {"source": st.just("spring"), "topic": st.sampled_from(TOPICS)}
)
hours = st.one_of(st.integers(-30, 30), st.sampled_from([-24, -72, 24, 72, -9 * 24, -40 * 24, -0.001, 0.5]))
happenings = st.lists(st.tuples(people, st.sampled_from(EVENTS + MESSAGES), hours, properties), min_size=1, max_size=6)
traits = st.one_of(
    st.fixed_dictionaries({}, optional=_shape | {"tier": st.one_of(scalars, dates, lists, st.none())}),
    some(timezone=st.sampled_from(ZONES)),
    st.sampled_from(PLACES).map(lambda place: {"latitude": place[0], "longitude": place[1]}),
    st.fixed_dictionaries({}, optional={"born": dates, "seen_at": dates, "dates": lists}),
)
account_traits = st.fixed_dictionaries(
    {}, optional={"amount": amounts, "tier": st.one_of(scalars, dates), "renewal": dates}
)
CHANNELS = ["email", "sms"]
channel_of_address = st.sampled_from(CHANNELS)
statements = st.fixed_dictionaries(
    {
        "topic": st.sampled_from([*TOPICS, *TOPICS, "*"]),
        "channel": st.sampled_from(["email", "sms", "*"]),
        "state": st.sampled_from(["wanted", "wanted", "unwanted", "unset", "paused", "resumed"]),
        "lasts": st.sampled_from([HOUR, DAY, 30 * DAY]),
        "basis": st.sampled_from(["", "consent", "consent"]),
        "confirmed": st.booleans(),
        "bound": st.booleans(),
    }
)
strides = st.sampled_from([timedelta(minutes=1), timedelta(minutes=90), HOUR, 6 * HOUR, DAY, 9 * DAY, 31 * DAY])
pairs = st.tuples(people, people)


def act(kind: str, given: Strategy | None = None) -> Strategy:
    return st.tuples(st.just(kind), st.none() if given is None else given)


facts = (
    act("track", happenings),
    act("track", happenings),
    act("identify", st.tuples(people, traits)),
    act("identify", st.tuples(people, traits)),
    act("identify", st.tuples(people, some(timezone=st.sampled_from(ZONES)))),
    act("group", st.tuples(people, accounts, account_traits)),
    act("leave", st.tuples(people, accounts)),
    act("opt_out", st.tuples(people, channel_of_address)),
    act("opt_in", st.tuples(people, channel_of_address)),
    act("lose", st.tuples(people, channel_of_address)),
    act("read", st.tuples(people, channel_of_address, st.sampled_from(["mobile", "desktop"]))),
    act("say", st.tuples(people, statements)),
    act("say", st.tuples(people, statements)),
    act("topic", st.tuples(st.sampled_from(TOPICS), st.sampled_from(["nothing", "consent", "double_opt_in"]))),
    act("list", st.tuples(people, st.booleans())),
)
clock = (act("stride", strides), act("stride", strides))
identities = (*[act("merge", pairs)] * 3, *[act("part", people)] * 3, act("erase", people))
making = (
    act("make", naming),
    act("make", remembering),
    act("edit", st.tuples(st.integers(0, 9), rules)),
    act("edit", st.tuples(st.just(-1), rules)),
    act(
        "about",
        st.tuples(st.integers(0, 9), st.sampled_from(["not", "for", "entered", "left", "all"]), durations, rules),
    ),
)
working = (act("work"), act("follow"))
checking = (act("check"),)


def stories(*acts: tuple[Strategy, ...], most: int = 14) -> Strategy:
    return st.lists(st.one_of(*(each for some in acts for each in some)), min_size=4, max_size=most)


async def settle_in(stage: Stage, zone: str = "UTC") -> None:
    """Somebody is there, and what rules name is."""
    await stage.live_in(zone)
    await stage.topic("law", needs="consent")
    await stage.topic("proof", needs="double_opt_in", channels=("email",))
    for name in PEOPLE[:5]:
        await stage.identify(name, email=address_of(name, "email"), phone=address_of(name, "sms"))
    definitions: list[dict[str, Any]] = [
        {"event": "bought", "of": "sum", "property": "amount", "within": "9d"},
        {"event": ["looked", "added"], "of": "days", "within": {"weeks": 1}},
        {"event": "looked", "of": "recency"},
        {"event": "bought", "of": "last"},
        {"event": "added", "of": "most", "property": "tier"},
    ]
    for name, definition in zip(COMPUTED, definitions, strict=True):
        await stage.compute(name, definition)
    await stage.make_list(LIST)
    await stage.make(
        TIMED, {"any": [{"event": "looked", "within": "1d"}, {"trait": "tier", "op": "eq", "value": "gold"}]}
    )


async def do(stage: Stage, kind: str, given: Any) -> None:
    """What cannot be done, for there is no such person, is not done."""
    if kind in ("leave", "lose", "read", "say", "list", "erase", "part") and _first(given) not in stage.ids:
        return
    if kind == "merge" and not set(given) <= stage.ids.keys():
        return
    await getattr(Acts(stage), kind)(given)


def _first(given: Any) -> Any:
    return given if isinstance(given, str) else given[0]


def address_of(name: str, channel: str) -> str:
    return f"{name}@shop.example" if channel == "email" else f"+44770090010{PEOPLE.index(name)}"


class Acts:
    """Each takes what its strategy gives."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage

    async def track(self, given: Any) -> None:
        now = self.stage.now
        await self.stage.track_many([(name, event, now + hour * HOUR, values) for name, event, hour, values in given])

    async def identify(self, given: Any) -> None:
        await self.stage.identify(given[0], **given[1])

    async def group(self, given: Any) -> None:
        await self.stage.group(given[0], given[1], **given[2])

    async def leave(self, given: Any) -> None:
        await self.stage.leave(*given)

    async def opt_out(self, given: Any) -> None:
        await self.stage.opt_out(given[1], address_of(*given))

    async def opt_in(self, given: Any) -> None:
        await self.stage.opt_in(given[1], address_of(*given))

    async def lose(self, given: Any) -> None:
        name, channel = given
        await self.stage.lose(name, channel, address_of(name, channel))

    async def read(self, given: Any) -> None:
        name, channel, device = given
        await self.stage.read_on(name, channel, address_of(name, channel), device)

    async def say(self, given: Any) -> None:
        name, said = given
        more: dict[str, Any] = {}
        if said["state"] == "wanted":
            more = {"basis": said["basis"], "confirmed": said["confirmed"]}
            if said["lasts"] < 30 * DAY:
                more["expires_at"] = self.stage.now + said["lasts"]
        if said["state"] == "paused":
            more["until"] = self.stage.now + said["lasts"]
        if said["bound"] and said["channel"] != "*":
            more["address"] = address_of(name, said["channel"])
        await self.stage.say(name, said["topic"], said["channel"], said["state"], **more)

    async def topic(self, given: Any) -> None:
        await self.stage.topic(given[0], needs=given[1])

    async def list(self, given: Any) -> None:
        await self.stage.put(LIST, [given[0]], there=given[1])

    async def stride(self, by: timedelta) -> None:
        await self.stage.move(by)

    async def move(self, hours: int) -> None:
        await self.stage.move(hours * HOUR)

    async def merge(self, given: Any) -> None:
        await self.stage.merge(*given)

    async def part(self, name: str) -> None:
        await self.stage.part(name)

    async def erase(self, name: str) -> None:
        await self.stage.drain()
        await self.stage.erase(name)

    async def make(self, rule: Any) -> None:
        await self.stage.make(f"s{len(self.stage.world.segments)}", rule)

    async def about(self, given: Any) -> None:
        """A segment that names another."""
        number, how, duration, rule = given
        names = sorted([*self.stage.world.segments, *self.stage.world.lists])
        name = names[number % len(names)]
        leaves: dict[str, dict[str, Any]] = {
            "not": {"not": {"segment": name}},
            "all": {"all": [{"segment": name}, rule]},
            "for": {"any": [{"segment": name, "for": duration}, {"all": [{"segment": name}, rule]}]},
            "entered": {"entered": name, "within": duration},
            "left": {"left": name, "within": duration},
        }
        await self.make(leaves[how])

    async def edit(self, given: Any) -> None:
        """What it named before it does not name any more: so no segment comes to name itself."""
        names = sorted(self.stage.world.segments)
        await self.stage.edit(TIMED if given[0] < 0 else names[given[0] % len(names)], given[1])

    async def work(self, _: None) -> None:
        await segments.work(self.stage.database)

    async def follow(self, _: None) -> None:
        await self.stage.follow()

    async def check(self, _: None) -> None:
        await self.stage.drain()
        await self.stage.check()
