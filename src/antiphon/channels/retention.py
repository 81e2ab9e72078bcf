"""How long what people wrote to us is kept."""

from __future__ import annotations

from antiphon import profiles

RULES = (profiles.Rule("inbound_months", (profiles.Kept("inbound", "at"),)),)
