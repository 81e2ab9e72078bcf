"""How long it is kept who entered and left; who is in stays."""

from __future__ import annotations

from antiphon import profiles

RULES = (profiles.Rule("segment_history_months", (profiles.Kept("segment_change", "at"),)),)
