"""What the product records itself of its own messages, by what happened and the channel.

Orchestration records these events, and rules ask for them. docs/reference/events.md says when each is recorded.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, get_args

What = Literal["sent", "delivered", "opened", "clicked", "replied"]
WHATS: tuple[What, ...] = get_args(What)
CHANNELS = ("email", "sms", "push")

EVENTS: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("sent", "email"): "Email Sent",
        ("delivered", "email"): "Email Delivered",
        ("opened", "email"): "Email Opened",
        ("clicked", "email"): "Email Link Clicked",
        ("replied", "email"): "Email Replied",
        ("sent", "sms"): "SMS Sent",
        ("delivered", "sms"): "SMS Delivered",
        ("clicked", "sms"): "SMS Link Clicked",
        ("replied", "sms"): "SMS Replied",
        ("sent", "push"): "Push Sent",
        ("delivered", "push"): "Push Delivered",
        ("opened", "push"): "Push Opened",
        ("clicked", "push"): "Push Opened",
    }
)
"""What people did, and what became of the message. A push is opened by tapping it: that is one event."""

MACHINE: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("opened", "email"): "Email Opened By Machine",
        ("clicked", "email"): "Email Link Clicked By Machine",
        ("clicked", "sms"): "SMS Link Clicked By Machine",
    }
)
"""What scanners and privacy proxies did: never also an event of `EVENTS`."""
