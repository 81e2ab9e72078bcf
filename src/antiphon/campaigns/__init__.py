"""One message to many: audience in chunks, pilot, shift of the rest, pause at once, resume, cancel.

A campaign says when it begins (at once, at a time, where each person lives), how fast, for whom not, at what cost, and
above which shares of complaints, bounces and opt-outs it stops by itself. `dry_run` tells beforehand who would get it
and who not. Takers: `on_reopened`, `on_halted`. `run` has all loops. Promised: A/B statistics, hold-out.
"""

from antiphon.campaigns.asked import Changes, NewCampaign
from antiphon.campaigns.overview import Now, Overview
from antiphon.campaigns.overview import now as overview_now
from antiphon.campaigns.overview import overview as overview_of
from antiphon.campaigns.page import Figures, page_of
from antiphon.campaigns.records import Campaign, Plan, Stopped
from antiphon.campaigns.rehearsal import DryRun, dry_run
from antiphon.campaigns.shifting import recall, shift, undo_shift
from antiphon.campaigns.steer import cancel, change, copy, create, find, launch, make, pause, resume
from antiphon.campaigns.store import count_due, list_all
from antiphon.campaigns.store_retention import ended_sources
from antiphon.campaigns.view import CampaignView, CountView, FigureView, view
from antiphon.campaigns.watching import watch
from antiphon.campaigns.work import on_halted, on_reopened, run, work_chunks, work_ends

__all__ = [
    "Campaign",
    "CampaignView",
    "Changes",
    "CountView",
    "DryRun",
    "FigureView",
    "Figures",
    "NewCampaign",
    "Now",
    "Overview",
    "Plan",
    "Stopped",
    "cancel",
    "change",
    "copy",
    "count_due",
    "create",
    "dry_run",
    "ended_sources",
    "find",
    "launch",
    "list_all",
    "make",
    "on_halted",
    "on_reopened",
    "overview_now",
    "overview_of",
    "page_of",
    "pause",
    "recall",
    "resume",
    "run",
    "shift",
    "undo_shift",
    "view",
    "watch",
    "work_chunks",
    "work_ends",
]
