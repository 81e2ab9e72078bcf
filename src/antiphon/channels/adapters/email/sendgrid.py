"""E-mail through SendGrid: one request for each message (its batches share their content), events by signed calls."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Sequence
from typing import Any, ClassVar, Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from antiphon.channels.adapter import Callback, Called, Forged, Limits, Surroundings
from antiphon.channels.adapters.email import sendgrid_events
from antiphon.channels.adapters.email.http_calls import Reader, decoded, mapping, require_recent, text
from antiphon.channels.adapters.email.http_client import Answer
from antiphon.channels.adapters.email.http_mail import NAME, HttpMail, HttpMailSettings, Mail, Post, refusal
from antiphon.kernel.errors import Invalid, invalid
from antiphon.kernel.records import Accepted, Result

URL: Final = "https://api.sendgrid.com"
PAST_S: Final = 25 * 3600.0
"""It repeats a call for 24 hours, with the signature of the first; a repeated one changes nothing."""

SIGNATURE: Final = "x-twilio-email-event-webhook-signature"
TIMESTAMP: Final = "x-twilio-email-event-webhook-timestamp"


class SendGridSettings(HttpMailSettings, frozen=True, kw_only=True):
    """`webhook_key`: the verification key of the signed event webhook (base64); without it no call is believed.

    In the EU, `base_url` is https://api.eu.sendgrid.com.
    """

    api_key: str
    webhook_key: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.api_key or not self.api_key.isascii() or not self.api_key.isprintable():
            raise invalid("api_key", "is needed.")
        if self.webhook_key:
            _public_key(self.webhook_key)


class SendGridAdapter(HttpMail[SendGridSettings]):
    name: ClassVar[str] = "sendgrid"
    limits: ClassVar[Limits] = Limits(
        in_flight_max=100, size_max=10_000_000, source="SendGrid v3 Mail Send: 30 MB; 10 MB is what receivers take"
    )

    def __init__(self, settings: SendGridSettings, around: Surroundings) -> None:
        super().__init__(settings, around)
        self._key = _public_key(settings.webhook_key) if settings.webhook_key else None

    def base_url(self) -> str:
        return self.settings.base_url.rstrip("/") or URL

    def write(self, mails: Sequence[Mail]) -> Post:
        [mail] = mails
        is_tracked = self.settings.tracking
        parts = [("text/plain", mail.text), ("text/html", mail.html)]
        content: dict[str, Any] = {
            "personalizations": [{"to": [{"email": mail.to}], "custom_args": {NAME: mail.token}}],
            "from": {"email": mail.sender, "name": mail.sender_name} if mail.sender_name else {"email": mail.sender},
            "subject": mail.subject or " ",  # an empty one is refused
            "content": [{"type": kind, "value": value} for kind, value in parts if value],
            "headers": mail.headers,
            "tracking_settings": {
                "click_tracking": {"enable": is_tracked, "enable_text": is_tracked},
                "open_tracking": {"enable": is_tracked},
                "subscription_tracking": {"enable": False},  # the link is ours
            },
        }
        if mail.reply_to:
            content["reply_to"] = {"email": mail.reply_to}
        headers = {"authorization": f"Bearer {self.settings.api_key}", "content-type": "application/json"}
        return Post(self.base_url() + "/v3/mail/send", headers, msgspec.json.encode(content))

    def read(self, answer: Answer, mails: Sequence[Mail]) -> Sequence[Result]:
        if 200 <= answer.status < 300:
            return [Accepted(answer.headers.get("x-message-id"))]
        errors = mapping(answer.json()).get("errors")
        first = mapping(errors[0]) if isinstance(errors, list) and errors else {}
        return [refusal(answer, detail=text(first.get("message")))]

    async def callback(self, request: Callback) -> Called:
        """Events, signed; or a mail of the Inbound Parse webhook, which is a form and signed alike where asked for."""
        self._prove(request)
        if request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
            return Called(sendgrid_events.mail(request, self.around))
        events = decoded(request.body)
        if not isinstance(events, list):
            raise Invalid("The call is not a list of events.")
        reader = Reader(self.name, self.around, request)
        return Called([item for event in events for item in sendgrid_events.receipts(mapping(event), reader)])

    def _prove(self, request: Callback) -> None:
        """ECDSA over the timestamp as it stands and the raw body."""
        stamp = request.headers.get(TIMESTAMP, "")
        if self._key is None or not (stamp.isascii() and stamp.isdecimal() and len(stamp) <= 12):
            raise Forged
        require_recent(request, float(stamp), past_s=PAST_S)
        try:
            signature = b64decode(request.headers.get(SIGNATURE, ""), validate=True)
            self._key.verify(signature, stamp.encode() + request.body, ec.ECDSA(SHA256()))
        except (ValueError, InvalidSignature) as error:
            raise Forged from error


def _public_key(text: str) -> ec.EllipticCurvePublicKey:
    try:
        key = load_der_public_key(b64decode(text, validate=True))
    except ValueError as error:
        raise invalid("webhook_key", "must be the verification key as SendGrid shows it, in base64.") from error
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise invalid("webhook_key", "must be a key on the curve P-256.")
    return key
