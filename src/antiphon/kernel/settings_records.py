"""What the operator can set, as records. docs/reference/settings.md lists them."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct


class QuietHours(Struct, frozen=True, forbid_unknown_fields=True):
    """From `start` (inclusive) to `end` (exclusive), HH:MM where the person lives; on these channels.

    `holidays`: days that are quiet from morning to night: dates such as 2026-12-26, or FR for the public holidays of a
    country whose calendar is known.
    """

    start: str
    end: str
    channels: tuple[str, ...] = ("sms", "push", "voice")
    holidays: tuple[str, ...] = ()


class FrequencyCap(Struct, frozen=True, forbid_unknown_fields=True):
    """At most `count` campaign messages to a person in any `within_s` seconds, over all campaigns and journeys; only
    those of one topic or on one channel where these are named."""

    count: int
    within_s: float
    topic: str | None = None
    channel: str | None = None


class Limits(Struct, frozen=True, forbid_unknown_fields=True):
    """When a campaign stops by itself: shares of what was handed over, looked at from `least` messages on."""

    complaints: float | None = 0.003
    bounces: float | None = 0.4
    opt_outs: float | None = 0.1
    least: int = 1_000


class Sender(Struct, frozen=True, forbid_unknown_fields=True):
    """From whom messages come in a region, where that differs: a number, a short code or a name."""

    sms: str = ""
    email: str = ""


class Jurisdiction(Struct, frozen=True, forbid_unknown_fields=True):
    """What the operator says about the law of a region; `windows`: {"mon-fri": [["08:00", "20:00"]]}, local time."""

    enabled: bool = True
    windows: dict[str, tuple[tuple[str, str], ...]] | None = None
    channels: tuple[str, ...] = ("sms", "voice")


class Keywords(Struct, frozen=True, forbid_unknown_fields=True):
    """Words that people write to us, beside those of the languages that are known anyway."""

    opt_out: tuple[str, ...] = ()
    opt_in: tuple[str, ...] = ()
    help: tuple[str, ...] = ()


class Retention(Struct, frozen=True, forbid_unknown_fields=True):
    """How long what is kept, in whole months or days; null: for ever."""

    events_months: int | None = None
    ledger_months: int | None = None
    inbound_months: int | None = None
    trait_history_months: int | None = None
    segment_history_months: int | None = None
    refused_days: int | None = None
    decision_days: int | None = 30
    seen_message_days: int | None = None


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    quiet_hours: QuietHours | None = None
    frequency_cap: FrequencyCap | None = None
    frequency_caps: tuple[FrequencyCap, ...] = ()
    """More of them: each holds beside the others."""
    routing: dict[str, Literal["weighted", "cheapest"]] = {}
    """By channel, how one of several healthy accounts is taken: by rank and weight, or by price."""
    exploration: float = 0.0
    """The share of people, at most a tenth, to whom a campaign goes on another channel than their likeliest, so that it
    is known what the others would have done."""
    answer_worth: float = 0.0
    """What an answer (a click, a reply) is worth, in money: what a message costs on a channel is weighed against it."""
    stop_above: Limits = Limits()
    """When a campaign stops by itself, unless it says so itself."""
    recall_s: float = 0.0
    """For so long after its launch nothing of a campaign leaves, and it can be taken back as if nothing had been."""
    senders: dict[str, Sender] = {}
    """By region, such as US or GB: from whom messages come there."""
    decision_sample: float = 0.01
    """Of decisions to send, the share whose inputs are kept to be replayed; waits and drops always are."""
    critical_per_hour: int = 20
    """At most so many urgent messages, which pass wishes and quiet hours, to a person in an hour."""
    timezone: str = "UTC"
    """Where a person lives of whom we know no time zone."""
    brand_name: str = "Your company"
    sender_email: str = "hello@localhost.localdomain"
    sender_sms: str = "Antiphon"
    postal_address: str = ""
    brand_color: str = ""
    """#rrggbb, of buttons on public pages; where it is too pale or too dark to be read, a shade of it is taken."""
    brand_logo_url: str = ""
    """https: a picture that public pages show in place of the name."""
    privacy_url: str = ""
    soft_failures_max: int = 5
    """An address that failed for now so often, over three days at least, counts as dead."""
    jurisdictions: dict[str, Jurisdiction] = {}
    """By region, such as FR or US-FL; * is everywhere. What is not named is as the table of laws says."""
    keywords: Keywords = Keywords()
    help_contact: str = ""
    """What a text message that asks for help is answered with: where help is."""
    identity: dict[str, Any] = {}
    """Rules of identity that differ from the defaults: kind → rule, as `profiles` reads them."""
    double_opt_in_days: int = 7
    """How long the link of a double opt-in can be answered."""
    retention: Retention = Retention()
    conversion_event: str = "Order Completed"
    """The event that counts as a conversion of the message clicked or opened before it."""
