"""Whether a message is for this person at all: their place in the journey, what they hold, what they saw. Pure."""

from __future__ import annotations

from antiphon.kernel.said import worded
from antiphon.orchestration.records import OpenNotification, PersonCase, Reason

SEEN_RANK = {"delivered": 1, "opened": 2, "clicked": 3}
_SEEN = {
    "delivered": "they got {campaign} by {channel}",
    "opened": "they opened {campaign} by {channel}",
    "clicked": "they clicked {campaign} by {channel}",
}


def ineligible(case: PersonCase, notification: OpenNotification) -> tuple[Reason, str] | None:
    """Why not; None: they are."""
    terms = notification.source.terms
    for group in terms.inside:
        if group.id not in case.groups:
            return "not_eligible", worded("it is for members of {segment}", segment=group.name)
    for group in terms.outside:
        if group.id in case.groups:
            return "not_eligible", worded("it is not for members of {segment}", segment=group.name)
    better = terms.better_than
    if better is not None and (held := case.held.get(better.trait)) is not None and held >= better.value:
        form = "they hold a better offer: {trait} is {held:g}, this one is {offered:g}"
        return "not_eligible", worded(form, trait=better.trait, held=held, offered=better.value)
    follow, seen = terms.follow, notification.seen
    if follow is not None and seen is not None and SEEN_RANK[seen.how] >= SEEN_RANK[follow.unless]:
        return "duplicate", worded(_SEEN[seen.how], campaign=follow.name, channel=worded(seen.channel))
    return None
