"""How it leaves and returns: the contract of adapters, provider accounts, hand-over, receipts, inbound.

`send_many` takes only what `orchestration.clear` marked. Everything that comes back is on disk before the provider
is told so; an opt-out in it is in force by then. Promised: callbacks over HTTP, recall, warm-up.
"""

from antiphon.channels.accounts import alternative, create_provider, find, providers, room, spend, switch
from antiphon.channels.connections import Connections, send_many
from antiphon.channels.erasing import forget_deliveries, on_erased
from antiphon.channels.exporting import EXPORTED
from antiphon.channels.optout import fold, reading
from antiphon.channels.records import Provider
from antiphon.channels.registry import sends
from antiphon.channels.requests import person_of, proof_of, scope_of
from antiphon.channels.retention import RULES
from antiphon.channels.taking import remember, take_inbound, take_receipts, trim, work_unmatched

__all__ = [
    "EXPORTED",
    "RULES",
    "Connections",
    "Provider",
    "alternative",
    "create_provider",
    "find",
    "fold",
    "forget_deliveries",
    "on_erased",
    "person_of",
    "proof_of",
    "providers",
    "reading",
    "remember",
    "room",
    "scope_of",
    "send_many",
    "sends",
    "spend",
    "switch",
    "take_inbound",
    "take_receipts",
    "trim",
    "work_unmatched",
]
