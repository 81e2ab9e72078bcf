"""The world beside the sandbox: what it saw, and its faults as switches that have names.

A switch is one rule of the fault script, ready made: `off:smtp:0` switches a provider off, `late_receipts` makes every
receipt come late. To set one, the script is read, the rule is added or taken out, and the whole is handed back; rules
that are no switch stay. The world begins anew to count the seconds of `from_s` and `for_s` of them all.
"""

from __future__ import annotations

import asyncio
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct

from antiphon.kernel.errors import Conflict, Invalid, NotFound
from antiphon.kernel.runtime import Runtime

ANSWER_BYTES_MAX = 1_000_000
WITHIN_S = 5.0
Rule = dict[str, Any]  # Any: a rule of the fault script, JSON

FOR_ONE: dict[str, Rule] = {
    "off": {"kind": "outage"},
    "throttle": {"kind": "throttle", "per_s": 5.0},
    "slow": {"kind": "slow", "delay_s": 3.0},
}
"""By the act in the name; of each provider."""
FOR_ALL: dict[str, Rule] = {
    "late_receipts": {"kind": "late_receipts", "delay_s": 30.0},
    "duplicate_receipts": {"kind": "duplicate_receipts", "times": 3},
    "lost_receipts": {"kind": "lost_receipts", "share": 0.5},
    "reordered_receipts": {"kind": "reordered_receipts"},
}
MAIL: dict[str, Rule] = {
    "greylist": {"kind": "greylist", "at": "smtp", "delay_s": 60.0},
    "drop_after_data": {"kind": "drop_after_data", "at": "smtp", "share": 0.2},
}
_KEPT = ("kind", "at", "share", "per_s", "delay_s", "times")
_DEFAULTS: Rule = {"at": "*", "share": 1.0, "per_s": None, "delay_s": 1.0, "times": 2}
_NARROWED = ("addresses", "people", "domains")


class Switch(Struct):
    """`at`: a provider of the world, or * for all. `rule`: what it adds to the script."""

    name: str
    act: str
    at: str
    on: bool
    rule: Rule


class WorldProvider(Struct):
    name: str
    counts: dict[str, int]


class World(Struct):
    """`counts`: what it took and did, such as mail_received, sms_received, push_received; `reactions`: what its
    customers have planned and done. `script`: faults and habits as they are set."""

    people: int
    since: str
    providers: list[WorldProvider]
    counts: dict[str, int]
    reactions: dict[str, int]
    script: dict[str, Any]  # Any: the fault script, JSON


async def read_world(runtime: Runtime) -> World:
    """Raises Conflict where there is none or it does not answer."""
    said = await ask(runtime, "/world/state")
    numbers = {name: n for name, n in said["reactions"].items() if isinstance(n, int)}
    providers = [WorldProvider(name, dict(counts)) for name, counts in said["providers"].items()]
    return World(said["people"], said["since"], providers, said["counts"], numbers, said["script"])


def switches(world: World) -> list[Switch]:
    rules = world.script.get("faults", [])
    return [
        Switch(name, name.partition(":")[0], rule["at"], _stands(rule, rules), rule) for name, rule in _ready(world)
    ]


def _ready(world: World) -> Iterator[tuple[str, Rule]]:
    for provider in world.providers:
        for act, rule in FOR_ONE.items():
            yield f"{act}:{provider.name}", {"at": provider.name, **rule}
    for act, rule in FOR_ALL.items():
        yield act, {"at": "*", **rule}
    yield from MAIL.items()


def _stands(rule: Rule, rules: list[Rule]) -> bool:
    return any(is_same(rule, other) for other in rules)


def is_same(rule: Rule, other: Rule) -> bool:
    """Whenever it begins and ends."""
    wide = not any(other.get(name) for name in _NARROWED)
    return wide and all(_value(rule, name) == _value(other, name) for name in _KEPT)


def _value(rule: Rule, name: str) -> Any:  # Any: a value of the script
    return rule.get(name, _DEFAULTS.get(name))


async def switch(runtime: Runtime, name: str, *, on: bool, for_s: float | None) -> World:
    """Raises NotFound for a switch that there is not."""
    world = await read_world(runtime)
    rule = dict(_ready(world)).get(name)
    if rule is None:
        raise NotFound(f"There is no switch {name[:60]}; GET /sandbox/faults lists them.")
    others = [other for other in world.script.get("faults", []) if not is_same(rule, other)]
    wanted = [*others, {**rule, "for_s": for_s}] if on else others
    await ask(runtime, "/world/faults", {**world.script, "faults": wanted})
    return await read_world(runtime)


async def ask(runtime: Runtime, path: str, body: Any = None) -> dict[str, Any]:  # Any: JSON both ways
    if not runtime.world_url:
        raise Conflict("No world runs beside this server; start `antiphon demo`, or serve with --world URL.")
    data = None if body is None else msgspec.json.encode(body)
    return await asyncio.to_thread(_ask, f"{runtime.world_url}{path}", data)


def _ask(url: str, body: bytes | None) -> dict[str, Any]:
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})  # noqa: S310  # the operator's
    try:
        with urllib.request.urlopen(request, timeout=WITHIN_S) as response:  # noqa: S310
            answer = msgspec.json.decode(response.read(ANSWER_BYTES_MAX))
            return answer if isinstance(answer, dict) else {"answer": answer}
    except urllib.error.HTTPError as error:
        raise Invalid(f"The world refused the script: {error.read(2000).decode(errors='replace')}") from error
    except OSError as error:
        raise Conflict(f"The world at {url} does not answer.") from error
