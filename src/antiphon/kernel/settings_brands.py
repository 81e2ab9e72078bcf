"""The faces of the sender: the company's own stands in the settings, further brands beside it."""

from __future__ import annotations

from typing import Annotated

from msgspec import Struct

from antiphon.kernel.errors import Conflict
from antiphon.kernel.settings_told import told


class UnknownBrand(Conflict):
    """The settings know no brand of this key."""

    code = "unknown_brand"


class Sender(Struct, frozen=True, forbid_unknown_fields=True):
    """From whom messages come in a region, where that differs: a number, a short code or a name."""

    sms: Annotated[str, told("Text messages from", "A number, a short code or a name.", maxLength=20)] = ""
    email: Annotated[str, told("E-mails from", "", maxLength=254, format="email")] = ""


class FurtherBrand(Struct, frozen=True, forbid_unknown_fields=True):
    """Another face of the same company. What is empty is as the company's own; `senders` of its own take their place
    as a whole."""

    name: Annotated[str, told("Name", "Before the e-mail address and in the footer.", minLength=1)] = ""
    legal_name: Annotated[str, told("Legal name", "Stands before the postal address.")] = ""
    postal_address: Annotated[str, told("Postal address", "In the footer of e-mails.")] = ""
    sender_email: Annotated[str, told("E-mails come from", "", maxLength=254, format="email")] = ""
    reply_to: Annotated[str, told("Answers go to", "", maxLength=254, format="email")] = ""
    sender_sms: Annotated[str, told("Text messages come from", "", maxLength=20)] = ""
    senders: Annotated[dict[str, Sender], told("Senders by region", "Where they differ.", x_key="region")] = {}
    brand_color: Annotated[str, told("Colour", "#rrggbb, of buttons.", format="color")] = ""
    brand_logo_url: Annotated[str, told("Logo", "A picture at an https address.", format="uri")] = ""
    privacy_url: Annotated[str, told("Privacy notice", "An https address.", format="uri")] = ""
