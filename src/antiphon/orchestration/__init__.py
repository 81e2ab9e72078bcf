"""Whether, when and which way: the notification ledger, the decision, the delivery loop, failover.

A notification is what a person should learn once; a delivery is one attempt. `decide` answers all open notifications
of a person together, under whichever of their numbers, and stores why; `clear` marks what may leave; receipts fold in
any order. Takers: `on_receipts`, `on_profile_changes`, `on_inbound`, `on_events`, `on_merged`, `on_unmerged`. Promised:
eligibility, budgets, predicted response with exploration.
"""

from antiphon.kernel.records import SourceId
from antiphon.orchestration.asking import DeliveryView, NotificationView, Recipient, recipients, show, why
from antiphon.orchestration.attribution import on_events
from antiphon.orchestration.calling import Call, send
from antiphon.orchestration.deliver import clear
from antiphon.orchestration.erasing import is_leaving, on_erased
from antiphon.orchestration.exporting import EXPORTED
from antiphon.orchestration.failovers import Failover, failovers
from antiphon.orchestration.inbound import may_answer, on_inbound
from antiphon.orchestration.merging import on_merged, on_unmerged
from antiphon.orchestration.message_terms import terms_of
from antiphon.orchestration.objections import note_objections, on_stops
from antiphon.orchestration.public import Linked, Visited, read_linked, read_visited
from antiphon.orchestration.receipts import on_profile_changes, on_receipts
from antiphon.orchestration.records import Option, Source, Verdict
from antiphon.orchestration.rehearse import Rehearsed, rehearse
from antiphon.orchestration.replaying import Replayed, replay
from antiphon.orchestration.replies import on_requests
from antiphon.orchestration.retention import RULES, ended
from antiphon.orchestration.said import said_by
from antiphon.orchestration.sources import (
    anything_open,
    backlog,
    budget,
    cancel,
    count_due,
    make_source,
    notify,
    pause,
    prefer,
    resume,
    set_budget,
)
from antiphon.orchestration.tallying import Tally, tally
from antiphon.orchestration.terms import BetterThan, Budget, Follow, Group, SendAt, Terms
from antiphon.orchestration.variables import locale_of, variables_of
from antiphon.orchestration.work import run

__all__ = [
    "EXPORTED",
    "RULES",
    "BetterThan",
    "Budget",
    "Call",
    "DeliveryView",
    "Failover",
    "Follow",
    "Group",
    "Linked",
    "NotificationView",
    "Option",
    "Recipient",
    "Rehearsed",
    "Replayed",
    "SendAt",
    "Source",
    "SourceId",
    "Tally",
    "Terms",
    "Verdict",
    "Visited",
    "anything_open",
    "backlog",
    "budget",
    "cancel",
    "clear",
    "count_due",
    "ended",
    "failovers",
    "is_leaving",
    "locale_of",
    "make_source",
    "may_answer",
    "note_objections",
    "notify",
    "on_erased",
    "on_events",
    "on_inbound",
    "on_merged",
    "on_profile_changes",
    "on_receipts",
    "on_requests",
    "on_stops",
    "on_unmerged",
    "pause",
    "prefer",
    "read_linked",
    "read_visited",
    "recipients",
    "rehearse",
    "replay",
    "resume",
    "run",
    "said_by",
    "send",
    "set_budget",
    "show",
    "tally",
    "terms_of",
    "variables_of",
    "why",
]
