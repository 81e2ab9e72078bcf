"""What the operator can set, as records, each with its title and help. docs/reference/settings.md lists them.

What a form needs beside the type stands in the JSON Schema, see `settings_told`. It checks nothing: `settings_check`
does, with sentences that say what is right; so what was stored once can always be read.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct
from msgspec.structs import replace

from antiphon.kernel.settings_brands import FurtherBrand, Sender, UnknownBrand
from antiphon.kernel.settings_told import told

CHANNELS: dict[str, Any] = {
    "enum": ["email", "sms", "push", "voice", "chat"],
    "x-titles": {"email": "E-mail", "sms": "Text message", "push": "Push", "voice": "Voice", "chat": "Chat"},
}
ChannelName = Annotated[str, Meta(extra_json_schema=CHANNELS)]
Hour = Annotated[str, Meta(extra_json_schema={"format": "time", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"})]


Routing = Annotated[
    Literal["weighted", "cheapest"],
    Meta(extra_json_schema={"x-titles": {"weighted": "By rank and weight", "cheapest": "The cheapest"}}),
]


class QuietHours(Struct, frozen=True, forbid_unknown_fields=True):
    """From `start` (inclusive) to `end` (exclusive), HH:MM where the person lives; on these channels.

    `holidays`: days that are quiet from morning to night: dates such as 2026-12-26, or FR for the public holidays of a
    country whose calendar is known.
    """

    start: Annotated[Hour, told("From", "HH:MM, where the person lives.", examples=["21:00"])]
    end: Annotated[
        Hour, told("Until", "HH:MM, excluded; before the start, the night lies between.", examples=["08:00"])
    ]
    channels: Annotated[
        tuple[ChannelName, ...], told("On these channels", "Those that make a noise.", uniqueItems=True)
    ] = ("sms", "push", "voice")
    holidays: Annotated[
        tuple[str, ...],
        told("Quiet days", "Dates, or countries whose public holidays are known.", examples=[["2026-12-26", "FR"]]),
    ] = ()


class FrequencyCap(Struct, frozen=True, forbid_unknown_fields=True):
    """At most `count` campaign messages to a person in any `within_s` seconds, over all campaigns and journeys; only
    those of one topic or on one channel where these are named."""

    count: Annotated[int, told("At most", "So many messages to a person.", minimum=0, maximum=1_000, examples=[4])]
    within_s: Annotated[
        float, told("Within", "Any such span of time.", minimum=1, maximum=366 * 86_400, x_unit="s", examples=[604_800])
    ]
    topic: Annotated[str | None, told("Of this topic", "Empty: of all topics.", x_choices="topics")] = None
    channel: Annotated[ChannelName | None, told("On this channel", "Empty: on all channels.")] = None


class Limits(Struct, frozen=True, forbid_unknown_fields=True):
    """When a campaign stops by itself: shares of what was handed over, looked at from `least` messages on."""

    complaints: Annotated[
        float | None, told("Complaints", "Empty: no limit.", exclusiveMinimum=0, maximum=1, x_unit="share")
    ] = 0.003
    bounces: Annotated[
        float | None, told("Dead addresses", "Empty: no limit.", exclusiveMinimum=0, maximum=1, x_unit="share")
    ] = 0.4
    opt_outs: Annotated[
        float | None, told("Opt-outs", "Empty: no limit.", exclusiveMinimum=0, maximum=1, x_unit="share")
    ] = 0.1
    least: Annotated[
        int, told("From so many messages on", "Of fewer nothing is concluded.", minimum=1, maximum=1_000_000)
    ] = 1_000


class Jurisdiction(Struct, frozen=True, forbid_unknown_fields=True):
    """What the operator says about the law of a region; `windows`: {"mon-fri": [["08:00", "20:00"]]}, local time."""

    enabled: Annotated[bool, told("Keep this law", "Off: the law of this region is not kept.")] = True
    windows: Annotated[
        dict[str, tuple[tuple[str, str], ...]] | None,
        told(
            "Hours",
            "By days, local time; a day that is not named has none. Empty: as the table of laws says.",
            examples=[{"mon-fri": [["08:00", "20:00"]]}],
        ),
    ] = None
    channels: Annotated[tuple[ChannelName, ...], told("On these channels", "", uniqueItems=True)] = ("sms", "voice")


Words = Annotated[
    tuple[Annotated[str, Meta(extra_json_schema={"minLength": 1, "maxLength": 40})], ...],
    Meta(extra_json_schema={"maxItems": 100}),
]


class Keywords(Struct, frozen=True, forbid_unknown_fields=True):
    """Words that people write to us, beside those of the languages that are known anyway."""

    opt_out: Annotated[Words, told("To stop", "Beside STOP and its like.", examples=[["NOMORE"]])] = ()
    opt_in: Annotated[Words, told("To come back", "Beside START and its like.")] = ()
    help: Annotated[Words, told("For help", "Beside HELP and its like.")] = ()


Months = Annotated[int | None, Meta(extra_json_schema={"minimum": 1, "maximum": 36_500, "x-unit": "months"})]
Days = Annotated[int | None, Meta(extra_json_schema={"minimum": 1, "maximum": 36_500, "x-unit": "days"})]


class Retention(Struct, frozen=True, forbid_unknown_fields=True):
    """How long what is kept, in whole months or days; null: for ever."""

    events_months: Annotated[Months, told("Events", "By whole months of when they happened.")] = None
    ledger_months: Annotated[Months, told("What was sent", "Closed messages of ended campaigns and of calls.")] = None
    inbound_months: Annotated[Months, told("What people wrote")] = None
    trait_history_months: Annotated[Months, told("Former values of traits")] = None
    segment_history_months: Annotated[Months, told("Entries into segments and exits")] = None
    refused_days: Annotated[Days, told("Refused events", "The debugger's lines.")] = None
    decision_days: Annotated[Days, told("What decisions read", "So that they can be made again.")] = 30
    seen_message_days: Annotated[
        Days, told("Ids of events", "An id that is forgotten counts twice when it comes again.", minimum=7)
    ] = None
    audit_days: Annotated[Days, told("The audit log", "Who changed what, and who signed in.")] = 730


def of(group: str, title: str, help: str = "", **schema: Any) -> Meta:
    """Of a setting: `group` is the section of the form in which it stands."""
    return told(title, help, x_group=group, **schema)


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """In the order of the form. `settings_form.GROUPS` names the sections."""

    brand_name: Annotated[
        str, of("brand", "Name", "Before the e-mail address, in the footer of e-mails and on public pages.")
    ] = "Your company"
    legal_name: Annotated[
        str, of("brand", "Legal name", "Stands before the postal address where it is set.", examples=["Larkspur Ltd"])
    ] = ""
    postal_address: Annotated[
        str, of("brand", "Postal address", "In the footer of e-mails; the law of many countries wants one.")
    ] = ""
    sender_email: Annotated[
        str, of("brand", "E-mails come from", "A domain for which an account has a DKIM key.", format="email")
    ] = "hello@localhost.localdomain"
    reply_to: Annotated[
        str, of("brand", "Answers go to", "Empty: to where the e-mail came from.", format="email", maxLength=254)
    ] = ""
    sender_sms: Annotated[
        str, of("brand", "Text messages come from", "A number, or up to 11 letters and digits. Empty: as the account.")
    ] = "Antiphon"
    senders: Annotated[
        dict[str, Sender],
        of("brand", "Senders by region", "Where they differ.", x_key="region", examples=[{"US": {"sms": "22000"}}]),
    ] = {}
    brand_color: Annotated[
        str, of("brand", "Colour", "#rrggbb, of buttons; where it could not be read, a shade of it.", format="color")
    ] = ""
    brand_logo_url: Annotated[
        str, of("brand", "Logo", "A picture at an https address, in place of the name on public pages.", format="uri")
    ] = ""
    privacy_url: Annotated[
        str, of("brand", "Privacy notice", "An https address; public pages link to it.", format="uri")
    ] = ""
    brands: Annotated[
        dict[str, FurtherBrand],
        of(
            "brand",
            "Further brands",
            "Other faces of the company, by a short key. A message says which is its own; what is empty is as above.",
            x_key="key",
            maxProperties=100,
            propertyNames={"pattern": "^[a-z0-9][a-z0-9_-]{0,39}$"},
        ),
    ] = {}
    currency: Annotated[
        str, of("brand", "Currency", "In which costs, prices and budgets are; nothing is converted.", format="currency")
    ] = "EUR"
    quiet_hours: Annotated[
        QuietHours | None, of("quiet", "Quiet hours", "Campaign messages wait, where the person lives. Empty: none.")
    ] = None
    timezone: Annotated[
        str, of("quiet", "Time zone", "Where a person lives of whom we know none.", format="timezone")
    ] = "UTC"
    jurisdictions: Annotated[
        dict[str, Jurisdiction],
        of("quiet", "The law by region", "What is not named is as the table of laws says.", x_key="region"),
    ] = {}
    frequency_cap: Annotated[
        FrequencyCap | None, of("limits", "Frequency cap", "Campaign messages to a person. Empty: no cap.")
    ] = None
    frequency_caps: Annotated[
        tuple[FrequencyCap, ...], of("limits", "Further caps", "Each holds beside the others.", maxItems=20)
    ] = ()
    critical_per_hour: Annotated[
        int,
        of("limits", "Urgent messages an hour", "To a person, past wishes and quiet hours.", minimum=0, maximum=1_000),
    ] = 20
    stop_above: Annotated[Limits, of("limits", "Campaigns stop above", "Unless a campaign has limits of its own.")] = (
        Limits()
    )
    recall_s: Annotated[
        float,
        of("limits", "Time to take back", "After a launch nothing leaves.", minimum=0, maximum=86_400, x_unit="s"),
    ] = 0.0
    routing: Annotated[
        dict[str, Routing],
        of("routing", "Choice of account", "Among several that are up.", x_key="channel", propertyNames=CHANNELS),
    ] = {}
    answer_worth: Annotated[
        float,
        of("routing", "What an answer is worth", "A click, a reply; 0: not weighed.", minimum=0, x_unit="money"),
    ] = 0.0
    exploration: Annotated[
        float,
        of(
            "routing",
            "Exploration",
            "So many get a campaign on another channel than their likeliest, so that it is known what that does.",
            minimum=0,
            maximum=0.1,
            x_unit="share",
        ),
    ] = 0.0
    keywords: Annotated[Keywords, of("replies", "Words that people write", "Beside those that are known.")] = Keywords()
    help_contact: Annotated[
        str, of("replies", "Where help is", "A number, an address, a page. Empty: where e-mails come from.")
    ] = ""
    double_opt_in_days: Annotated[
        int, of("replies", "Double opt-in", "How long its link can be answered.", minimum=1, maximum=365, x_unit="days")
    ] = 7
    soft_failures_max: Annotated[
        int,
        of("data", "Passing failures", "An address that failed so often counts as dead.", minimum=1, maximum=1_000),
    ] = 5
    conversion_event: Annotated[
        str, of("data", "Conversion", "The event that counts as one of the message clicked last.", x_choices="events")
    ] = "Order Completed"
    decision_sample: Annotated[
        float,
        of(
            "data",
            "Decisions kept",
            "Of those to send; waits and drops always are.",
            minimum=0,
            maximum=1,
            x_unit="share",
        ),
    ] = 0.01
    identity: Annotated[
        dict[str, Any], of("data", "Rules of identity", "Edited at /api/v1/identity, which checks them.", readOnly=True)
    ] = {}
    retention: Annotated[Retention, of("data", "Retention", "How long what is kept. Empty: for ever.")] = Retention()

    @property
    def imprint(self) -> str:
        """Who is behind the brand, and where: the legal name, where it is set, and the postal address."""
        return ", ".join(part for part in (self.legal_name, self.postal_address) if part)

    def as_brand(self, key: str) -> Settings:
        """As they hold for messages of this brand; the empty key is the company's own. Raises UnknownBrand."""
        if not key:
            return self
        own = self.brands.get(key)
        if own is None:
            raise UnknownBrand("There is no brand {brand}: the settings name them.", brand=key)
        said = {field: value for field in own.__struct_fields__ if (value := getattr(own, field))}
        if "name" in said:
            said["brand_name"] = said.pop("name")
        return replace(self, **said)
