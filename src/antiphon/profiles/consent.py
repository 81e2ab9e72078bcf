"""What people said about being written to, and what the world taught us about their addresses."""

from __future__ import annotations

from collections.abc import Sequence

from antiphon.kernel import outlet
from antiphon.kernel.db import Transaction
from antiphon.kernel.errors import Flaw, Invalid
from antiphon.kernel.records import Channel, ProfileChange, ProfileId
from antiphon.profiles import store
from antiphon.profiles.identifiers import stored_address, text_fault
from antiphon.profiles.records import PreferenceState

_CHANNELS = tuple(str(channel) for channel in Channel)
_STATES = ("wanted", "unwanted", "unset")


async def set_preferences(
    tx: Transaction, profile: ProfileId, choices: Sequence[tuple[str, str, PreferenceState]]
) -> None:
    """(topic, channel, state) each; the last word about a topic and channel counts. Raises Invalid with places."""
    _check_choices(choices)
    last = {(topic, channel): state for topic, channel, state in choices}
    await store.consent.drop_preferences(tx, profile, sorted(key for key, state in last.items() if state == "unset"))
    await store.consent.keep_preferences(
        tx, profile, [(*key, state) for key, state in sorted(last.items()) if state != "unset"]
    )
    await outlet.publish(tx, [ProfileChange(profile, "preference", key) for key in sorted(last)])


def _check_choices(choices: Sequence[tuple[str, str, str]]) -> None:
    found: list[Flaw] = []
    for n, (topic, channel, state) in enumerate(choices):
        place = f"[{n}]." if len(choices) > 1 else ""
        if fault := text_fault(topic):
            found.append(Flaw(f"{place}topic", fault))
        if channel not in _CHANNELS:
            found.append(Flaw(f"{place}channel", f"It is not one of {', '.join(_CHANNELS)}."))
        if state not in _STATES:
            found.append(Flaw(f"{place}state", f"It is not one of {', '.join(_STATES)}."))
    if found:
        raise Invalid("The preference is not valid.", flaws=found)


async def opt_out(tx: Transaction, channel: str, addresses: Sequence[str], *, how: str) -> None:
    """Nobody writes to these addresses again, whoever holds them now or later. The first proof of each is kept."""
    values = _stored(channel, addresses)
    await store.consent.add_opt_outs(tx, channel, values, how=how)
    await _tell_holders(tx, channel, values)


async def opt_in(tx: Transaction, channel: str, addresses: Sequence[str]) -> None:
    """Takes opt-outs back, for whoever holds these addresses."""
    values = _stored(channel, addresses)
    await store.consent.drop_opt_outs(tx, channel, values)
    await _tell_holders(tx, channel, values)


def _stored(channel: str, addresses: Sequence[str]) -> list[str]:
    if channel not in _CHANNELS:
        raise Invalid(flaws=[Flaw("channel", f"It is not one of {', '.join(_CHANNELS)}.")])
    values = sorted({stored_address(channel, address) for address in addresses})
    found = [Flaw("addresses", fault) for value in values if (fault := text_fault(value))]
    if found:
        raise Invalid(flaws=found)
    return values


async def _tell_holders(tx: Transaction, channel: str, values: Sequence[str]) -> None:
    holders = await store.consent.holders(tx, channel, values)
    await outlet.publish(tx, [ProfileChange(id, "opt_out", (channel,)) for id in holders])
