"""Identifiers in the one form in which they are stored and compared."""

from __future__ import annotations

import binascii
import re
import unicodedata
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import msgspec
import phonenumbers

from antiphon.kernel.errors import Invalid, invalid
from antiphon.kernel.records import Channel, Identifier
from antiphon.kernel.said import worded
from antiphon.profiles import kinds
from antiphon.profiles.records import Subscription

CHANNEL_OF = {"email": Channel.EMAIL, "phone": Channel.SMS, "webpush": Channel.PUSH}
"""Kinds, without their scope, whose identifiers are addresses too."""

VALUE_BYTES_MAX = 1_000  # an entry of a B-tree holds 2,704 bytes at most; kind and value must fit several times
_EMAIL_CHARS_MAX = 254  # RFC 5321 4.5.3.1.3: a path of 256 with its angle brackets
_LOCAL_CHARS_MAX = 64  # RFC 5321 4.5.3.1.1
_E164 = re.compile(r"\+[1-9]\d{6,14}")
_LOCAL = re.compile(r"[^\s@\"(),:;<>\[\]\\\x00-\x1f\x7f]+")
_LABEL = re.compile(r"[^\W_](?:[\w-]{0,61}[^\W_])?")
_P256DH_BYTES = 65
_AUTH_BYTES = 16
_NUMBER = re.compile(r"[1-9][0-9]{0,29}")
_WORD = re.compile(r"\S+")
_FORMS: dict[str, tuple[re.Pattern[str], str]] = {
    "whatsapp_bsuid": (
        re.compile(r"[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}"),
        "It is written as US.13491208655302741918: country, point, up to 128 letters and digits. "
        "A phone number is of kind phone, and nobody's WhatsApp id.",
    ),
    "whatsapp_wa_id": (
        re.compile(r"[1-9][0-9]{4,19}"),
        "It is the digits that WhatsApp sends as wa_id. A phone number is of kind phone, and nobody's WhatsApp id.",
    ),
    "psid": (_NUMBER, "It is the number that Messenger sends as the sender's id."),
    "igsid": (_NUMBER, "It is the number that Instagram sends as the sender's id."),
    "telegram": (_NUMBER, "It is the number of a chat with one person; that of a group is negative, and is nobody."),
    "viber": (_WORD, "It has spaces; send the id as Viber sends it."),
    "line": (_WORD, "It has spaces; send the id as LINE sends it."),
    "fcm_fid": (_WORD, "It has spaces; send the Firebase installation id as it is."),
    "fcm_token": (_WORD, "It has spaces; send the registration token as it is."),
    "apns_token": (re.compile(r"(?:[0-9a-f]{2}){8,}"), "It is the device token in hexadecimal digits."),
}
"""What the platforms' own ids look like, as far as they promise it, and what to say of anything else."""


def strength(identifier: Identifier) -> int:
    """0 is the strongest: the place of its kind in `kinds.KINDS`."""
    return kinds.rank(identifier.kind)


@lru_cache(maxsize=4_096)
def channel_of(kind: str) -> Channel | None:
    """Where people can be reached by identifiers of this kind, whatever its scope."""
    return CHANNEL_OF.get(kinds.base(kind))


def plain(identifier: Identifier) -> Identifier:
    """The directory's key: without the keys of a subscription."""
    return identifier if type(identifier) is Identifier else Identifier(identifier.kind, identifier.value)


def normalise(kind: str, value: Any, *, region: str | None = None) -> Identifier:
    """The stored form of an identifier. Raises Invalid that names the kind as the place.

    email       NFKC, trimmed, lower case; one "@", a dot-atom and a domain of letters, digits and hyphens
    phone       E.164; `region` (ISO 3166) is needed for national numbers
    webpush     a PushSubscription as an object or its JSON; makes a `Subscription` whose value is the endpoint
    apns_token  lower case
    others      trimmed; ids of platforms are checked as far as their form is promised
    """
    name = kinds.check(kind)
    if name == "webpush":
        return _subscription(kind, value)
    if not isinstance(value, str):
        raise invalid(kind, "A string is needed.")
    if name == "phone":
        return Identifier(kind, _phone(value.strip(), region.upper() if region else None))
    text = _email(value) if name == "email" else value.strip()
    if name == "apns_token":
        text = text.lower()
    if fault := text_fault(text) or _form_fault(name, text):
        raise invalid(kind, fault)
    return Identifier(kind, text)


def parse(text: str) -> Identifier:
    """`kind:value` or `kind@scope:value` as people write it. A push endpoint stands without its keys.

    The first colon ends the kind; the value may have more.
    """
    kind, colon, value = text.partition(":")
    if not colon:
        raise invalid("profile", "Write it as kind:value, such as external_id:42 or external_id@crm:42.")
    if kinds.base(kind) == "webpush" and not value.lstrip().startswith("{"):
        kinds.check(kind)
        return Identifier(kind, _endpoint(value))
    return plain(normalise(kind, value))


def text_fault(text: str) -> str:
    """Why this text cannot be stored as a name; empty when it can."""
    if not text:
        return "It is empty."
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        return "It has half of a surrogate pair; send whole characters."
    if "\x00" in text:
        return "It has the character NUL (U+0000), which cannot be stored."
    if size > VALUE_BYTES_MAX:
        return worded("It is longer than {most} bytes.", most=VALUE_BYTES_MAX)
    return ""


def _form_fault(name: str, text: str) -> str:
    form, message = _FORMS.get(name, (None, ""))
    return "" if form is None or form.fullmatch(text) else message


def _email(value: str) -> str:
    text = unicodedata.normalize("NFKC", value).strip().lower()
    local, _, domain = text.rpartition("@")
    domain = domain.rstrip(".")
    labels = domain.split(".")
    if not _LOCAL.fullmatch(local) or local.startswith(".") or local.endswith(".") or ".." in local:
        raise invalid("email", "The part before the @ is not valid.")
    if len(labels) < 2 or not all(_LABEL.fullmatch(label) for label in labels) or labels[-1].isdigit():
        raise invalid("email", "The domain after the @ is not valid.")
    if len(local) > _LOCAL_CHARS_MAX or len(text) > _EMAIL_CHARS_MAX:
        raise invalid(
            "email",
            "It is longer than {most} before the @ or {whole} in all.",
            most=_LOCAL_CHARS_MAX,
            whole=_EMAIL_CHARS_MAX,
        )
    return f"{local}@{domain}"


@lru_cache(maxsize=16_384)
def _phone(text: str, region: str | None) -> str:
    """A cache by string and a check of the form come first: a full parse takes 20 µs."""
    if len(text) > 60 or text_fault(text):
        raise invalid("phone", "It is not a phone number.")
    if not _E164.fullmatch(text) and not text.startswith("+") and region is None:
        raise invalid("phone", "A national number needs a region; or write it as +<country><number>.")
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException as error:
        raise invalid("phone", "It is not a phone number.") from error
    # Possible, not valid: numbering plans change faster than any copy of them.
    if not phonenumbers.is_possible_number(number):
        raise invalid("phone", "It is too long or too short for its country.")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _subscription(kind: str, value: Any) -> Subscription:
    if isinstance(value, str):
        try:
            value = msgspec.json.decode(value)
        except (ValueError, RecursionError) as error:
            raise invalid("webpush", "It is not the JSON of a PushSubscription.") from error
    keys = value.get("keys") if isinstance(value, Mapping) else None
    if not isinstance(keys, Mapping):
        raise invalid("webpush.keys", "A PushSubscription with its keys is needed.")
    endpoint = _endpoint(value.get("endpoint"))
    p256dh = _key("p256dh", keys.get("p256dh"), size=_P256DH_BYTES)
    return Subscription(kind, endpoint, p256dh, _key("auth", keys.get("auth"), size=_AUTH_BYTES))


def _endpoint(value: Any) -> str:
    if not isinstance(value, str) or (fault := text_fault(value)):
        raise invalid("webpush.endpoint", fault if isinstance(value, str) else "A URL is needed.")
    try:
        parts = urlsplit(value)
    except ValueError as error:
        raise invalid("webpush.endpoint", "It is not a URL.") from error
    if parts.scheme not in ("https", "http") or not parts.hostname or any(c.isspace() for c in value):
        raise invalid("webpush.endpoint", "It is not a URL.")
    return value


def _key(name: str, value: Any, *, size: int) -> str:
    """Base64 with the URL alphabet, no padding (RFC 8291 3.2; browsers and libraries differ in both)."""
    text = value.rstrip("=").replace("+", "-").replace("/", "_") if isinstance(value, str) else ""
    try:
        decoded = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (ValueError, binascii.Error):
        decoded = b""
    if len(decoded) != size:
        raise invalid(f"webpush.keys.{name}", "{size} bytes in base64 are needed.", size=size)
    return text


def stored_address(channel: str, value: str) -> str:
    """An address in its stored form, or trimmed where it has none (a short code, a name): an opt-out is never lost."""
    kind = {channel: kind for kind, channel in CHANNEL_OF.items()}.get(Channel(channel))
    try:
        return normalise(kind, value).value if kind in ("email", "phone") else value.strip()
    except Invalid:
        return value.strip()
