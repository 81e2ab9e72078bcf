"""One message to many: audience in chunks, pilot, shift of the rest, pause at once, resume, cancel.

Promised: A/B statistics, hold-out, schedule, stopping by itself.
"""

from antiphon.campaigns.http import CampaignView, CountView, view
from antiphon.campaigns.records import Campaign
from antiphon.campaigns.steer import cancel, create, find, launch, pause, resume, shift
from antiphon.campaigns.store import count_due, list_all
from antiphon.campaigns.store_retention import ended_sources
from antiphon.campaigns.work import on_reopened, work_chunks, work_ends

__all__ = [
    "Campaign",
    "CampaignView",
    "CountView",
    "cancel",
    "count_due",
    "create",
    "ended_sources",
    "find",
    "launch",
    "list_all",
    "on_reopened",
    "pause",
    "resume",
    "shift",
    "view",
    "work_chunks",
    "work_ends",
]
