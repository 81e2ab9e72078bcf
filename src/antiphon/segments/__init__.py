"""Who belongs together: rules, and memberships that are always up to date.

    segment = await segments.create(database, "lapsed", {"version": 1, "rule": {"event": "order completed",
                                    "within": "90d", "count": {"op": "eq", "value": 0}}})
    async with database.transaction() as tx:
        n = await segments.count(tx, rule, as_of=None)

A segment is a rule (docs/reference/rules.md) and its members. Promised:

- Once all work due at an instant is done, the members are exactly the profiles that satisfy the rule at it. So
  whoever enters or leaves because of something that happened, or because time passed, is written down once
  (`segment_change`) and told upwards (`SegmentChange`). The first members of a new segment are no entries.
- `count`, `preview` and `members(as_of=…)` read the facts, not the memberships; they are exact at any instant,
  with traits, preferences and addresses as they are now.
- Whoever turns out to be one person is one member, since the earlier of both; nobody entered or left because of that.
  While their events are on the way nothing is written for them.
- A rule that names another segment takes its rule, not its memberships: it never lags behind.

Something that happens to a profile touches its due row in the same transaction (`on_events`,
`on_profile_changes`), but only where some rule speaks of it. A change that concerns a crowd (an account's people, a
topic's defaults) touches one row, and the crowd is walked in chunks. A worker judges touched profiles set-wise and
notes for each the earliest instant at which time alone may change one of its memberships; then it looks again.
"""

from antiphon.segments.ask import PAGE_MAX, bounds, count, due, get, list_all, member_range, members
from antiphon.segments.crowds import on_account_changes, on_topic_changes
from antiphon.segments.erasing import on_erased
from antiphon.segments.explain import explain, verify
from antiphon.segments.exporting import EXPORTED
from antiphon.segments.history import Live, fold_tallies, live, moves, size, sizes
from antiphon.segments.making import (
    AtWork,
    InUse,
    NamesUnpublished,
    add_to_list,
    archive,
    create,
    create_draft,
    discard_draft,
    drop_computed,
    make_list,
    publish,
    remove_from_list,
    restore,
    save_draft,
    set_computed,
    versions,
)
from antiphon.segments.merges import on_merged, on_unmerged
from antiphon.segments.overlaps import overlaps
from antiphon.segments.preview import preview, preview_draft
from antiphon.segments.records import Bounds, Build, Member, Segment, Version
from antiphon.segments.records_asked import (
    Caution,
    DraftPreview,
    Explanation,
    Moved,
    Overlap,
    Part,
    Preview,
    Size,
    Verification,
)
from antiphon.segments.resolve import UnknownComputed, UnknownSegment
from antiphon.segments.retention import RULES
from antiphon.segments.work import on_events, on_profile_changes, run, work

__all__ = [
    "EXPORTED",
    "PAGE_MAX",
    "RULES",
    "AtWork",
    "Bounds",
    "Build",
    "Caution",
    "DraftPreview",
    "Explanation",
    "InUse",
    "Live",
    "Member",
    "Moved",
    "NamesUnpublished",
    "Overlap",
    "Part",
    "Preview",
    "Segment",
    "Size",
    "UnknownComputed",
    "UnknownSegment",
    "Verification",
    "Version",
    "add_to_list",
    "archive",
    "bounds",
    "count",
    "create",
    "create_draft",
    "discard_draft",
    "drop_computed",
    "due",
    "explain",
    "fold_tallies",
    "get",
    "list_all",
    "live",
    "make_list",
    "member_range",
    "members",
    "moves",
    "on_account_changes",
    "on_erased",
    "on_events",
    "on_merged",
    "on_profile_changes",
    "on_topic_changes",
    "on_unmerged",
    "overlaps",
    "preview",
    "preview_draft",
    "publish",
    "remove_from_list",
    "restore",
    "run",
    "save_draft",
    "set_computed",
    "size",
    "sizes",
    "verify",
    "versions",
    "work",
]
