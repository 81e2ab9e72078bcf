"""Whether a message is for this person at all: their place in the journey, what they hold, what they saw. Pure."""

from __future__ import annotations

from antiphon.orchestration.records import OpenNotification, PersonCase, Reason

SEEN_RANK = {"delivered": 1, "opened": 2, "clicked": 3}
_SEEN_WORDS = {"delivered": "got", "opened": "opened", "clicked": "clicked"}


def ineligible(case: PersonCase, notification: OpenNotification) -> tuple[Reason, str] | None:
    """Why not; None: they are."""
    terms = notification.source.terms
    for group in terms.inside:
        if group.id not in case.groups:
            return "not_eligible", f"it is for members of {group.name}"
    for group in terms.outside:
        if group.id in case.groups:
            return "not_eligible", f"it is not for members of {group.name}"
    better = terms.better_than
    if better is not None and (held := case.held.get(better.trait)) is not None and held >= better.value:
        return "not_eligible", f"they hold a better offer: {better.trait} is {held:g}, this one is {better.value:g}"
    follow, seen = terms.follow, notification.seen
    if follow is not None and seen is not None and SEEN_RANK[seen.how] >= SEEN_RANK[follow.unless]:
        return "duplicate", f"they {_SEEN_WORDS[seen.how]} {follow.name} by {seen.channel}"
    return None
