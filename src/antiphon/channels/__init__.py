"""How it leaves and returns: the contract of adapters, provider accounts, hand-over, receipts, inbound.

`send_many` takes only what `orchestration.clear` marked. Everything that comes back is on disk before the provider
is told so; an opt-out in it is in force by then.
"""

from antiphon.channels.accounts import (
    alternative,
    create_provider,
    find,
    learned_paces,
    providers,
    room,
    spend,
    switch,
    update_provider,
)
from antiphon.channels.answers import note_receipts, note_results
from antiphon.channels.connections import Connections, send_many
from antiphon.channels.erasing import forget_deliveries, on_erased
from antiphon.channels.exporting import EXPORTED
from antiphon.channels.health import SILENCE_S
from antiphon.channels.keeping import keep_health
from antiphon.channels.optout import fold, reading
from antiphon.channels.pacing import SLOT_AHEAD_S
from antiphon.channels.recalling import recall, recallable, to_recall
from antiphon.channels.records import HEALTHY, Provider, WarmUp
from antiphon.channels.registry import sends
from antiphon.channels.requests import person_of, proof_of, scope_of
from antiphon.channels.reserving import slots
from antiphon.channels.retention import RULES
from antiphon.channels.store_story import Written, newest_inbound, written_by
from antiphon.channels.taking import remember, take_inbound, take_receipts, trim, work_unmatched

__all__ = [
    "EXPORTED",
    "HEALTHY",
    "RULES",
    "SILENCE_S",
    "SLOT_AHEAD_S",
    "Connections",
    "Provider",
    "WarmUp",
    "Written",
    "alternative",
    "create_provider",
    "find",
    "fold",
    "forget_deliveries",
    "keep_health",
    "learned_paces",
    "newest_inbound",
    "note_receipts",
    "note_results",
    "on_erased",
    "person_of",
    "proof_of",
    "providers",
    "reading",
    "recall",
    "recallable",
    "remember",
    "room",
    "scope_of",
    "send_many",
    "sends",
    "slots",
    "spend",
    "switch",
    "take_inbound",
    "take_receipts",
    "to_recall",
    "trim",
    "update_provider",
    "work_unmatched",
    "written_by",
]
