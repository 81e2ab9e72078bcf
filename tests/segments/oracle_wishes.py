"""What somebody said about being written to, and what follows: a statement stands until a later one takes it away."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import takewhile

EVERY = "*"


@dataclass(frozen=True)
class Said:
    """`number` tells which of two of one instant came later. `address` is empty where it was said for any."""

    at: datetime
    number: int
    topic: str
    channel: str
    state: str
    address: str = ""
    until: datetime | None = None
    expires_at: datetime | None = None
    basis: str = ""
    confirmed: bool = False

    @property
    def key(self) -> tuple[str, str, str]:
        return self.topic, self.channel, self.address

    @property
    def breadth(self) -> tuple[bool, bool, bool]:
        return self.topic == EVERY, self.channel == EVERY, self.address == ""

    def covers(self, topic: str, channel: str, address: str) -> bool:
        return self.topic in (EVERY, topic) and self.channel in (EVERY, channel) and self.address in ("", address)

    def is_over(self, at: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= at

    def lasts(self, at: datetime) -> bool:
        return self.until is not None and self.until > at

    @property
    def is_wish(self) -> bool:
        """A pause is beside it."""
        return self.state in ("wanted", "unwanted", "unset")


@dataclass(frozen=True)
class Topic:
    """What holds of a topic while a person says nothing, and what it needs."""

    state: str = "wanted"
    channels: tuple[str, ...] = ()
    needs: str = "nothing"


@dataclass
class Wishes:
    """What stands of all that was said by one person."""

    said: list[Said]
    wishes: list[Said] = field(init=False)
    pauses: list[Said] = field(init=False)

    def __post_init__(self) -> None:
        said = founded(sorted(self.said, key=lambda each: (each.at, each.number)))
        self.wishes = [
            one for n, one in enumerate(said) if one.state in ("wanted", "unwanted") and not is_gone(n, said)
        ]
        self.pauses = [one for n, one in enumerate(said) if is_pause(n, said)]

    def allows(self, name: str, topic: Topic, channel: str, address: str, at: datetime) -> bool:
        standing = [wish for wish in self.wishes if not wish.is_over(at)]
        here = _covering(standing, name, channel, address)
        if here:
            allowed = here[0].state == "wanted"
        elif any(wish.topic == name and wish.state == "wanted" for wish in standing):
            allowed = False
        else:
            allowed = topic.state == "wanted" and (not topic.channels or channel in topic.channels)
        return allowed and _has_consent(here, topic.needs) and not self.is_paused(name, channel, address, at)

    def is_paused(self, topic: str, channel: str, address: str, at: datetime) -> bool:
        """By any pause that covers it, but for those that are broader than an exception."""
        here = _covering(self.pauses, topic, channel, address)
        return any(one.lasts(at) for one in takewhile(lambda one: one.until is not None, here))

    def is_in_state(self, topic: str, channel: str, state: str, at: datetime) -> bool:
        """What was said of exactly this, for whatever address. A wish and a pause stand side by side."""
        states = {
            wish.state
            for wish in self.wishes
            if (wish.topic, wish.channel) == (topic, channel) and not wish.is_over(at)
        }
        if any((one.topic, one.channel) == (topic, channel) and one.lasts(at) for one in self.pauses):
            states.add("paused")
        return not states if state == "unset" else state in states

    def consents(self, topic: str, channel: str, confirmed: bool, at: datetime) -> bool:
        """For any address, or for one of those that were named."""
        standing = [wish for wish in self.wishes if not wish.is_over(at)]
        needs = "double_opt_in" if confirmed else "consent"
        addresses = {"", *(wish.address for wish in standing)}
        return any(_has_consent(_covering(standing, topic, channel, address), needs) for address in addresses)


def founded(said: list[Said]) -> list[Said]:
    """In order. A bare `wanted` rests on what the one before it rested on, if that was still in force."""
    found: list[Said] = []
    for one in said:
        before = [n for n, each in enumerate(found) if each.is_wish and each.key == one.key]
        if one.state == "wanted" and not one.basis and before and not is_gone(before[-1], found):
            old = found[before[-1]]
            if old.state == "wanted" and old.basis and not old.is_over(one.at):
                one = replace(one, basis=old.basis, confirmed=old.confirmed, expires_at=old.expires_at)
        found.append(one)
    return found


def is_gone(n: int, said: list[Said]) -> bool:
    """A later word on the same replaces a wish, a broad one the narrower ones too; but who says yes to all
    takes no consent back."""
    wish = said[n]
    for later in said[n + 1 :]:
        if later.is_wish and later.covers(*wish.key):
            keeps = later.state == "wanted" == wish.state and wish.basis == "consent"
            if later.key == wish.key or not keeps:
                return True
    return False


def is_pause(n: int, said: list[Said]) -> bool:
    """Whether it is a pause that nobody ended; or, without an end, an exception from a broader one."""
    one, earlier = said[n], said[:n]
    if one.state == "resumed":
        if not any(
            each.key != one.key and each.covers(*one.key) and is_pause(k, earlier) for k, each in enumerate(earlier)
        ):
            return False
    elif one.state != "paused":
        return False
    return not any(later.covers(*one.key) and _ends(later, one) for later in said[n + 1 :])


def _ends(later: Said, one: Said) -> bool:
    if later.state == "paused":
        assert later.until is not None
        return later.key == one.key or one.until is None or later.until >= one.until
    return later.state == "resumed"


def _covering(said: list[Said], topic: str, channel: str, address: str) -> list[Said]:
    """The narrowest first."""
    return sorted((one for one in said if one.covers(topic, channel, address)), key=lambda one: one.breadth)


def _has_consent(here: list[Said], needs: str) -> bool:
    """From the narrowest wish outwards, up to a withdrawal."""
    if needs == "nothing":
        return True
    for wish in here:
        if wish.state == "unwanted":
            return False
        if wish.basis == "consent" and (wish.confirmed or needs == "consent"):
            return True
    return False
