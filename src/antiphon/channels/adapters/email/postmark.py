"""E-mail through Postmark: up to 50 messages in a request, with an answer for each; events by calls with a password."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Final

import msgspec

from antiphon.channels.adapter import Callback, Called, Limits
from antiphon.channels.adapters.email import postmark_events
from antiphon.channels.adapters.email.http_calls import Reader, decoded, mapping, require_basic, text
from antiphon.channels.adapters.email.http_client import Answer
from antiphon.channels.adapters.email.http_mail import (
    NAME,
    RETRY_AFTER_S,
    HttpMail,
    HttpMailSettings,
    Mail,
    Post,
    refusal,
    unclear,
)
from antiphon.kernel.errors import invalid
from antiphon.kernel.records import Accepted, FailureClass, Refused, Result

URL: Final = "https://api.postmarkapp.com"

# Postmark developer documentation, "API error codes" (read 2026-11); for one message.
CODES: dict[str, FailureClass] = {
    "10": "policy",  # the token
    "100": "temporary",  # maintenance
    "300": "message",
    "400": "policy",  # sender signature not found
    "401": "policy",  # sender signature not confirmed
    "402": "message",
    "403": "message",
    "405": "policy",  # no credits left
    "406": "address",  # inactive: bounced, complained or suppressed by hand; which of them is not said
    "409": "message",
    "410": "message",
    "411": "message",
    "412": "policy",  # the account waits for approval
    "413": "policy",  # the account may not send
    "701": "policy",
    "1235": "policy",  # no such message stream
}


class PostmarkSettings(HttpMailSettings, frozen=True, kw_only=True):
    """`callback_username`, `callback_password`: what stands before the @ in the webhook's URL at Postmark; without
    them no call is believed, as Postmark signs nothing."""

    server_token: str
    message_stream: str = "outbound"
    callback_username: str = ""
    callback_password: str = ""

    shown: ClassVar[tuple[str, ...]] = ("message_stream", "base_url")

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.server_token or not self.server_token.isascii() or not self.server_token.isprintable():
            raise invalid("server_token", "is needed.")
        if bool(self.callback_username) != bool(self.callback_password) or ":" in self.callback_username:
            raise invalid("callback_username", "a name without a colon goes with a password.")


class PostmarkAdapter(HttpMail[PostmarkSettings]):
    """50 at a time, not the 500 that are allowed: a lost answer leaves so many in doubt."""

    name: ClassVar[str] = "postmark"
    together: ClassVar[int] = 50
    limits: ClassVar[Limits] = Limits(
        in_flight_max=250, size_max=1_000_000, source="Postmark: 5 MB for text and for HTML, 50 MB for a batch of 50"
    )

    def base_url(self) -> str:
        return self.settings.base_url.rstrip("/") or URL

    def write(self, mails: Sequence[Mail]) -> Post:
        headers = {
            "x-postmark-server-token": self.settings.server_token,
            "accept": "application/json",
            "content-type": "application/json",
        }
        return Post(f"{self.base_url()}/email/batch", headers, msgspec.json.encode([self._one(mail) for mail in mails]))

    def _one(self, mail: Mail) -> dict[str, Any]:
        is_tracked = self.settings.tracking
        kept = {"Message-ID": mail.message_id, "X-PM-KeepID": "true"}  # ours, by which an answer names its delivery
        message = {
            "From": mail.origin,
            "To": mail.to,
            "Subject": mail.subject,
            "Headers": [{"Name": name, "Value": value} for name, value in (mail.headers | kept).items()],
            "Metadata": {NAME: mail.token},
            "MessageStream": self.settings.message_stream,
            "TrackOpens": is_tracked,
            "TrackLinks": "HtmlAndText" if is_tracked else "None",
        }
        optional = {"ReplyTo": mail.reply_to, "TextBody": mail.text, "HtmlBody": mail.html}
        return message | {name: value for name, value in optional.items() if value}

    def read(self, answer: Answer, mails: Sequence[Mail]) -> Sequence[Result]:
        said = answer.json()
        if not 200 <= answer.status < 300:
            about = mapping(said)
            code = text(about.get("ErrorCode"))
            return [refusal(answer, code=code, detail=text(about.get("Message")), codes=CODES)] * len(mails)
        each = said if isinstance(said, list) and len(said) == len(mails) else [None] * len(mails)
        return [_result(answer, mapping(one)) for one in each]

    async def callback(self, request: Callback) -> Called:
        require_basic(request, username=self.settings.callback_username, password=self.settings.callback_password)
        said = mapping(decoded(request.body))
        if text(said.get("RecordType")) == "Inbound" or ("RecordType" not in said and "FromFull" in said):
            return Called(postmark_events.mail(said, self.around))
        return Called(postmark_events.receipts(said, Reader(self.name, self.around, request)))


def _result(answer: Answer, one: dict[str, Any]) -> Result:
    code = text(one.get("ErrorCode"))
    if code == "0" and text(one.get("MessageID")):
        return Accepted(text(one.get("MessageID")))
    if not code or code == "0":
        return unclear(answer)
    detail = text(one.get("Message"))[:300]
    failure = CODES.get(code, "message")
    if code == "300" and "'To'" in detail:
        failure = "address"
    return Refused(failure, code, detail, RETRY_AFTER_S if failure == "temporary" else None)
