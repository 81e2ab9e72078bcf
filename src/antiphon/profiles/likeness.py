"""How much two people look like one: pure. Each piece of evidence has a weight from 0 to 1; together they count as
independent witnesses would, and names that differ halve what they say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any, Literal

from msgspec import Struct

from antiphon.profiles import kinds, words

Evidence = Literal["named_together", "same_address", "same_mailbox", "same_birthday", "same_postcode", "same_name"]
WEIGHTS: dict[Evidence, float] = {
    "named_together": 0.6,
    "same_address": 0.5,
    "same_mailbox": 0.7,
    "same_birthday": 0.8,
    "same_postcode": 0.5,
    "same_name": 0.2,
}
WEAK = 0.3
"""Named together by a device or a browser: families share them."""

ALIKE, DIFFERENT = 0.8, 0.6
LEAST = 0.25
_CHARS_MAX = 60


class Reason(Struct, frozen=True):
    """`what` is for programs, `says` for people."""

    what: Evidence
    says: str
    weight: float


def likeness(name: float | None) -> float:
    """What names that differ leave of the evidence; None where one of them is unknown."""
    return 0.5 if name is not None and name < DIFFERENT else 1.0


def score(reasons: Iterable[Reason], name: float | None) -> float:
    doubt = 1.0
    best: dict[Evidence, float] = {}
    for reason in reasons:
        best[reason.what] = max(best.get(reason.what, 0.0), reason.weight)
    for weight in best.values():
        doubt *= 1 - weight
    return round((1 - doubt) * likeness(name), 2)


def same_name(one: Mapping[str, Any], other: Mapping[str, Any]) -> float | None:
    """From 0 to 1: the words of the shorter name, each against the one of the longer that it is most like."""
    mine, theirs = _tokens(one), _tokens(other)
    if not mine or not theirs:
        return None
    shorter, longer = sorted((mine, theirs), key=lambda tokens: (len(tokens), tokens))
    return sum(max(_same_word(word, with_) for with_ in longer) for word in shorter) / len(shorter)


def reason(how: str, texts: Sequence[str], name: float | None) -> Reason | None:
    """What two people who met in this way have in common; None where it says nothing."""
    if how == "named_together":
        weak = max(kinds.rank(texts[0]), kinds.rank(texts[2])) >= kinds.rank("fcm_fid")
        weight = WEAK if weak else WEIGHTS["named_together"]
        return Reason("named_together", _named_together(texts), weight)
    if how == "same_address":
        return Reason("same_address", f"both are reached at {texts[1]:.80} ({texts[0]})", WEIGHTS["same_address"])
    if how == "same_mailbox":
        return Reason("same_mailbox", f"{texts[0]:.80} and {texts[1]:.80} are one mailbox", WEIGHTS["same_mailbox"])
    if name is None or name < ALIKE:
        return None  # a family name and a postcode: a family
    if texts[0].startswith("=b"):
        return Reason("same_birthday", "the same name and birthday", WEIGHTS["same_birthday"])
    return Reason("same_postcode", "the same name and postcode", WEIGHTS["same_postcode"])


def _named_together(texts: Sequence[str]) -> str:
    kind, value, other_kind, other_value, source = texts
    return f"{source or 'somebody':.60} named {kind}:{value:.60} and {other_kind}:{other_value:.60} together"


def _tokens(traits: Mapping[str, Any]) -> list[str]:
    return sorted({word for word in words.fold(words.full_name(traits)[:_CHARS_MAX]).split() if word})


def _same_word(one: str, other: str) -> float:
    if one == other:
        return 1.0
    short, long = sorted((one.rstrip("."), other.rstrip(".")), key=len)
    if long.startswith(short) and short:
        return 0.9  # an initial, or Alex for Alexander
    first, second = sorted((one, other))  # the ratio depends on the order
    return SequenceMatcher(None, first, second, autojunk=False).ratio()
