"""Cases worked out by hand, for the oracle: what somebody said, and whether they can be reached."""

from __future__ import annotations

from typing import Any

from segments.oracle import Person, World
from segments.oracle_cases import DAY, HOUR, NOW, Case
from segments.oracle_wishes import Said, Topic

_ADDRESSES = {("email", "a@x"): True, ("email", "b@x"): True, ("sms", "+1"): True}
_WORLD = World(
    topics={"law": Topic(needs="consent"), "proof": Topic(needs="double_opt_in"), "texts": Topic(channels=("sms",))}
)


def say(*said: tuple[Any, ...], **more: Any) -> Person:
    """(topic, channel, state, what else was said), one a minute, the last an hour ago."""
    person = Person(addresses=dict(_ADDRESSES))
    for n, (topic, channel, state, *rest) in enumerate(said):
        person.said.append(Said(NOW - HOUR, n, topic, channel, state, **(rest[0] if rest else {})))
    return person


WANTED, UNWANTED, PAUSED, RESUMED = "wanted", "unwanted", "paused", "resumed"
_UNTIL = {"until": NOW + HOUR}
_CONSENT = {"basis": "consent"}
_PROVEN = {"basis": "consent", "confirmed": True}
_BRIEF = {"basis": "consent", "expires_at": NOW}
_BRIEFLY = {"expires_at": NOW + HOUR}
_REACHED: list[tuple[str, Person, str, str, bool]] = [
    ("nothing was said", say(), "email", "news", True),
    ("no address", say(), "push", "news", False),
    ("not this", say(("news", "email", UNWANTED)), "email", "news", False),
    ("not this, but that", say(("news", "email", UNWANTED)), "email", "other", True),
    ("the narrower word", say(("*", "*", UNWANTED), ("news", "email", WANTED)), "email", "news", True),
    ("a later broad word takes it", say(("news", "email", WANTED), ("*", "*", UNWANTED)), "email", "news", False),
    ("the topic before the channel", say(("*", "email", UNWANTED), ("news", "*", WANTED)), "email", "news", True),
    ("another channel is wanted", say(("news", "sms", WANTED)), "email", "news", False),
    ("not any more", say(("news", "sms", WANTED, {"expires_at": NOW})), "email", "news", True),
    ("until then", say(("news", "sms", WANTED, _BRIEFLY)), "email", "news", False),
    ("one of two addresses", say(("news", "email", UNWANTED, {"address": "a@x"})), "email", "news", True),
    ("the one is wanted", say(("news", "email", UNWANTED), ("news", "email", WANTED, {"address": "b@x"})), "email",
     "news", True),
    ("neither", say(("news", "email", UNWANTED, {"address": "a@x"}), ("news", "*", UNWANTED)), "email", "news", False),
    ("taken back", say(("*", "*", UNWANTED), ("*", "*", "unset")), "email", "news", True),
    ("a topic without this channel", say(), "email", "texts", False),
    ("a topic with it", say(), "sms", "texts", True),
    ("it needs a consent", say(("law", "email", WANTED)), "email", "law", False),
    ("which was given", say(("*", "*", WANTED, _CONSENT), ("law", "email", WANTED)), "email", "law", True),
    ("and has run out", say(("law", "email", WANTED, _BRIEF)), "email", "law", False),
    ("and was taken back", say(("*", "*", WANTED, _CONSENT), ("law", "email", UNWANTED)), "email", "law", False),
    ("it needs more than that", say(("proof", "email", WANTED, _CONSENT)), "email", "proof", False),
    ("it was proven", say(("proof", "email", WANTED, _PROVEN)), "email", "proof", True),
    ("paused", say(("*", "*", PAUSED, _UNTIL)), "email", "news", False),
    ("until it ends", say(("*", "*", PAUSED, {"until": NOW})), "email", "news", True),
    ("resumed", say(("*", "*", PAUSED, _UNTIL), ("*", "*", RESUMED)), "email", "news", True),
    ("an exception", say(("*", "*", PAUSED, _UNTIL), ("news", "*", RESUMED)), "email", "news", True),
    ("for nothing else", say(("*", "*", PAUSED, _UNTIL), ("news", "*", RESUMED)), "email", "other", False),
    ("a yes ends no pause", say(("news", "*", PAUSED, _UNTIL), ("news", "*", WANTED)), "email", "news", False),
    ("a narrow pause is none of the whole", say(("news", "email", PAUSED, _UNTIL)), "email", "", True),
    ("without a topic the broad word counts", say(("*", "email", UNWANTED)), "email", "", False),
    ("a wanted topic says nothing of the rest", say(("news", "sms", WANTED)), "email", "", True),
]  # fmt: skip
_STATES: list[tuple[str, Person, str, str, str, bool]] = [
    ("wanted", say(("news", "email", WANTED)), "news", "email", WANTED, True),
    ("for one address", say(("news", "email", WANTED, {"address": "a@x"})), "news", "email", WANTED, True),
    ("of exactly this", say(("news", "*", WANTED)), "news", "email", WANTED, False),
    ("of all", say(("*", "*", UNWANTED)), "*", "*", UNWANTED, True),
    ("it has run out", say(("news", "email", WANTED, {"expires_at": NOW})), "news", "email", WANTED, False),
    ("and so is unset", say(("news", "email", WANTED, {"expires_at": NOW})), "news", "email", "unset", True),
    ("nothing is unset", say(), "news", "email", "unset", True),
    ("what is unwanted is not", say(("news", "email", UNWANTED)), "news", "email", "unset", False),
    ("paused", say(("news", "email", PAUSED, _UNTIL)), "news", "email", PAUSED, True),
    ("which is something", say(("news", "email", PAUSED, _UNTIL)), "news", "email", "unset", False),
    ("it has ended", say(("news", "email", PAUSED, {"until": NOW})), "news", "email", PAUSED, False),
    ("wanted and paused", say(("news", "email", WANTED), ("news", "email", PAUSED, _UNTIL)), "news", "email", WANTED,
     True),
    ("a broad no takes the narrow yes", say(("news", "email", WANTED), ("news", "*", UNWANTED)), "news", "email",
     WANTED, False),
    ("a broad yes takes the narrow no", say(("news", "email", UNWANTED), ("*", "*", WANTED)), "news", "email",
     UNWANTED, False),
    ("a broad yes leaves a consent", say(("news", "email", WANTED, _CONSENT), ("*", "*", WANTED)), "news", "email",
     WANTED, True),
]  # fmt: skip
_CONSENTS: list[tuple[str, Person, dict[str, Any], bool]] = [
    ("a yes is no consent", say(("law", "email", WANTED)), {}, False),
    ("a consent is", say(("law", "email", WANTED, _CONSENT)), {}, True),
    ("for another channel", say(("law", "sms", WANTED, _CONSENT)), {}, False),
    ("for every channel", say(("law", "*", WANTED, _CONSENT)), {}, True),
    ("taken back more narrowly", say(("law", "*", WANTED, _CONSENT), ("law", "email", UNWANTED)), {}, False),
    ("it has run out", say(("law", "email", WANTED, _BRIEF)), {}, False),
    ("by double opt-in", say(("law", "email", WANTED, _PROVEN)), {"confirmed": True}, True),
    ("without", say(("law", "email", WANTED, _CONSENT)), {"confirmed": True}, False),
    ("a bare yes keeps what it rested on", say(("law", "email", WANTED, _PROVEN), ("law", "email", WANTED)),
     {"confirmed": True}, True),
    ("but not what has run out",
     say(("law", "email", WANTED, {**_CONSENT, "expires_at": NOW - HOUR}), ("law", "email", WANTED)), {}, False),
]  # fmt: skip
_DEAD = Person(addresses={("email", "a@x"): False, ("sms", "+1"): True})

CASES = [
    *(
        Case(what, {"reachable": channel} | ({"topic": topic} if topic else {}), holds, person, NOW, _WORLD)
        for what, person, channel, topic, holds in _REACHED
    ),
    *(
        Case(what, {"preference": topic, "channel": channel, "state": state}, holds, person, NOW, _WORLD)
        for what, person, topic, channel, state, holds in _STATES
    ),
    *(
        Case(what, {"consent": "law", "channel": "email"} | more, holds, person, NOW, _WORLD)
        for what, person, more, holds in _CONSENTS
    ),
    Case("a dead address", {"reachable": "email"}, False, _DEAD),
    Case("who opted out there", {"reachable": "sms"}, False, _DEAD, NOW, World(opted_out={("sms", "+1")})),
    Case("it ran out a day later", {"consent": "law", "channel": "email"}, True,
         say(("law", "email", WANTED, _BRIEF)), NOW - DAY),
]  # fmt: skip
