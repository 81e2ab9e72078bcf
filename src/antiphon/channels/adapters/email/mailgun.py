"""E-mail through Mailgun: one request for each message (its batches share their content), events by signed calls."""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import ClassVar, Final, Literal
from urllib.parse import urlencode

from antiphon.channels.adapter import Callback, Called, Forged, Limits, Surroundings
from antiphon.channels.adapters.email import mailgun_events
from antiphon.channels.adapters.email.forms import form
from antiphon.channels.adapters.email.headers import is_domain
from antiphon.channels.adapters.email.http_calls import Reader, decoded, mapping, require_recent, text
from antiphon.channels.adapters.email.http_client import Answer
from antiphon.channels.adapters.email.http_mail import (
    NAME,
    HttpMail,
    HttpMailSettings,
    Mail,
    Post,
    refusal,
    unclear,
)
from antiphon.kernel.errors import invalid
from antiphon.kernel.records import Accepted, Refused, Result

URLS: Final = {"us": "https://api.mailgun.net", "eu": "https://api.eu.mailgun.net"}
PAST_S: Final = 12 * 3600.0
"""It repeats a call for 8 hours (its user manual, "Webhooks")."""
TOKENS_MAX: Final = 20_000


class MailgunSettings(HttpMailSettings, frozen=True, kw_only=True):
    """`domain`: the sending domain. `webhook_key`: the HTTP webhook signing key; without it no call is believed."""

    domain: str
    api_key: str
    region: Literal["us", "eu"] = "us"
    webhook_key: str = ""

    shown: ClassVar[tuple[str, ...]] = ("domain", "region", "base_url")

    def __post_init__(self) -> None:
        super().__post_init__()
        if not is_domain(self.domain):
            raise invalid("domain", "must be a domain name in ASCII, such as `mg.example.org`.")
        if not self.api_key:
            raise invalid("api_key", "is needed.")


class MailgunAdapter(HttpMail[MailgunSettings]):
    name: ClassVar[str] = "mailgun"
    limits: ClassVar[Limits] = Limits(
        in_flight_max=100, size_max=10_000_000, source="Mailgun Messages API: 25 MB; 10 MB is what receivers take"
    )

    def __init__(self, settings: MailgunSettings, around: Surroundings) -> None:
        super().__init__(settings, around)
        self._tokens: OrderedDict[str, bytes] = OrderedDict()

    def base_url(self) -> str:
        return self.settings.base_url.rstrip("/") or URLS[self.settings.region]

    def write(self, mails: Sequence[Mail]) -> Post:
        [mail] = mails
        is_tracked = "yes" if self.settings.tracking else "no"
        fields = [("from", mail.origin), ("to", mail.to), ("subject", mail.subject), (f"v:{NAME}", mail.token)]
        fields += [(name, value) for name, value in (("text", mail.text), ("html", mail.html)) if value]
        fields += [(f"h:{name}", value) for name, value in mail.headers.items()]
        fields += [("h:Message-Id", mail.message_id)]
        fields += [("h:Reply-To", mail.reply_to)] if mail.reply_to else []
        fields += [(f"o:{name}", is_tracked) for name in ("tracking", "tracking-opens", "tracking-clicks")]
        headers = {
            "authorization": "Basic " + b64encode(f"api:{self.settings.api_key}".encode()).decode(),
            "content-type": "application/x-www-form-urlencoded",
        }
        url = f"{self.base_url()}/v3/{self.settings.domain}/messages"
        return Post(url, headers, urlencode(fields, errors="replace").encode())

    def read(self, answer: Answer, mails: Sequence[Mail]) -> Sequence[Result]:
        said = mapping(answer.json())
        if 200 <= answer.status < 300:
            known_as = text(said.get("id")).strip("<>")
            return [Accepted(known_as) if known_as else unclear(answer)]
        detail = text(said.get("message"))
        if answer.status == 400 and "to parameter is not a valid address" in detail:
            return [Refused("address", "400 invalid_to", detail[:300])]
        return [refusal(answer, detail=detail)]

    async def callback(self, request: Callback) -> Called:
        """Events are JSON with a signature beside; mail of a route is a form with the signature among its fields."""
        if request.headers.get("content-type", "").lower().startswith("application/json"):
            said = mapping(decoded(request.body))
            signed = {name: text(value) for name, value in mapping(said.get("signature")).items()}
            self._prove(request, signed, sha256(request.body).digest())
            reader = Reader(self.name, self.around, request)
            return Called(mailgun_events.receipts(mapping(said.get("event-data")), reader))
        fields = form(request)
        signed = {name: fields.get(name, b"").decode("utf-8", "replace") for name in SIGNED}
        self._prove(request, signed, _digest(fields))
        return Called(mailgun_events.mail(fields, self.around))

    def _prove(self, request: Callback, signed: dict[str, str], body: bytes) -> None:
        """HMAC-SHA256 over timestamp and token. As it does not cover the rest, a token is good for one `body` (a
        digest) only: the same again is a repeated call and harmless, another body under it is forged."""
        stamp, token = signed.get("timestamp", ""), signed.get("token", "")
        if not self.settings.webhook_key or not (stamp.isascii() and stamp.isdecimal() and len(stamp) <= 12):
            raise Forged
        key = self.settings.webhook_key.encode()
        mac = hmac.digest(key, f"{stamp}{token}".encode("utf-8", "replace"), "sha256").hex()
        if not token or not hmac.compare_digest(mac.encode(), signed.get("signature", "").encode("utf-8", "replace")):
            raise Forged
        require_recent(request, float(stamp), past_s=PAST_S)
        if not hmac.compare_digest(self._tokens.setdefault(token, body), body):
            raise Forged
        while len(self._tokens) > TOKENS_MAX:
            self._tokens.popitem(last=False)


def _digest(fields: Mapping[str, bytes]) -> bytes:
    """Of a form's fields: a repeated call draws the lines between them anew."""
    each = [sha256(part).digest() for name in sorted(fields) for part in (name.encode(), fields[name])]
    return sha256(b"".join(each)).digest()


SIGNED: Final = ("timestamp", "token", "signature")
