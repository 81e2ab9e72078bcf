"""What each leaf of a rule is answered by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from antiphon.segments.engine.answers import Answer
from antiphon.segments.engine.belonging import HasMoved, Members, OfAccount, OfAccountTrait
from antiphon.segments.engine.events import FromEvents
from antiphon.segments.engine.frame import Frame
from antiphon.segments.engine.places import IsLocalTime, IsNear
from antiphon.segments.engine.reach import Reach
from antiphon.segments.engine.rollups import FromSums, serves
from antiphon.segments.engine.sequences import FromSteps
from antiphon.segments.engine.traits import HasChanged, InPart, OfTrait
from antiphon.segments.engine.wishes import Consented, OnMobile, Wished
from antiphon.segments.language import rules
from antiphon.segments.language.rules import Happened, Leaf, Steps


def answer(leaf: Leaf, frame: Frame) -> Answer:
    """A computed trait has no answer: what it is made of stands in its place."""
    if isinstance(leaf, Happened):
        return FromSums(leaf, frame) if _has_sums(leaf, frame) else FromEvents(leaf, frame)
    return _ANSWERS[type(leaf)](leaf, frame)


def is_costly(leaf: Leaf, frame: Frame) -> bool:
    """Whether raw events are read."""
    return isinstance(leaf, Steps) or (isinstance(leaf, Happened) and not _has_sums(leaf, frame))


def _has_sums(leaf: Happened, frame: Frame) -> bool:
    return frame.rollups and serves(leaf)


# Any: each takes its own kind of leaf
_ANSWERS: Mapping[type, Callable[[Any, Frame], Answer]] = {
    rules.Trait: OfTrait,
    rules.Changed: HasChanged,
    rules.InSegment: Members,
    rules.Moved: HasMoved,
    rules.Reachable: Reach,
    rules.Preference: Wished,
    rules.Consent: Consented,
    rules.Mobile: OnMobile,
    rules.Near: IsNear,
    rules.LocalTime: IsLocalTime,
    rules.InAccount: OfAccount,
    rules.AccountTrait: OfAccountTrait,
    rules.Random: InPart,
    rules.Steps: FromSteps,
}
