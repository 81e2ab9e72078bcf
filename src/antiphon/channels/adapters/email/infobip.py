"""E-mail through Infobip: up to 50 messages in a request, with an answer for each; reports and events by calls.

Infobip signs nothing: its calls are believed for our address, which nobody can guess, and for a name and password
where the settings have them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Final

import msgspec

from antiphon.channels.adapter import Callback, Called, Limits
from antiphon.channels.adapters.email import infobip_events
from antiphon.channels.adapters.email.http_calls import Reader, decoded, mapping, require_basic, text
from antiphon.channels.adapters.email.http_client import Answer
from antiphon.channels.adapters.email.http_mail import (
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

TAKEN: Final = ("1", "3")
"""Status groups PENDING and DELIVERED; UNDELIVERABLE, EXPIRED and REJECTED are the others."""

# Infobip, "Response status and error codes" (read 2026-11): ids of statuses in answers to a request.
STATUSES: dict[str, FailureClass] = {
    "6": "policy",  # REJECTED_NETWORK
    "8": "address",  # REJECTED_PREFIX_MISSING
    "10": "optout",  # REJECTED_DND
    "11": "policy",  # REJECTED_SOURCE
    "12": "policy",  # REJECTED_NOT_ENOUGH_CREDITS
    "13": "policy",  # REJECTED_SENDER
    "14": "optout",  # REJECTED_DESTINATION: blocked
    "17": "policy",  # REJECTED_PREPAID_PACKAGE_EXPIRED
    "18": "address",  # REJECTED_DESTINATION_NOT_REGISTERED
    "19": "policy",  # REJECTED_ROUTE_NOT_AVAILABLE
    "20": "temporary",  # REJECTED_FLOODING_FILTER
    "21": "temporary",  # REJECTED_SYSTEM_ERROR
    "25": "message",  # REJECTED_MESSAGE_TOO_LONG
    "51": "address",  # MISSING_TO
    "52": "address",  # REJECTED_DESTINATION
}


class InfobipSettings(HttpMailSettings, frozen=True, kw_only=True):
    """`base_url` is the account's own, such as `https://xyz123.api.infobip.com`.

    Without `callback_username` each message tells Infobip where to report; with it, set our address with the name and
    password as the account's webhook there.
    """

    api_key: str
    callback_username: str = ""
    callback_password: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.base_url:
            raise invalid("base_url", "is needed: the account's own, such as `https://xyz123.api.infobip.com`.")
        if not self.api_key or not self.api_key.isascii() or not self.api_key.isprintable():
            raise invalid("api_key", "is needed.")
        if bool(self.callback_username) != bool(self.callback_password) or ":" in self.callback_username:
            raise invalid("callback_username", "a name without a colon goes with a password.")


class InfobipAdapter(HttpMail[InfobipSettings]):
    name: ClassVar[str] = "infobip-email"
    together: ClassVar[int] = 50
    limits: ClassVar[Limits] = Limits(
        in_flight_max=250, size_max=1_000_000, source="Infobip Email API: 20 MB for a message; ours are 50 to a request"
    )

    def base_url(self) -> str:
        return self.settings.base_url.rstrip("/")

    def write(self, mails: Sequence[Mail]) -> Post:
        is_tracked = self.settings.tracking
        tracking: dict[str, Any] = {"track": is_tracked, "trackOpens": is_tracked, "trackClicks": is_tracked}
        if self._reports_here():
            tracking["trackingUrl"] = self.around.callback_url
        content = {"messages": [self._one(mail) for mail in mails], "options": {"tracking": tracking}}
        headers = {
            "authorization": f"App {self.settings.api_key}",
            "accept": "application/json",
            "content-type": "application/json",
        }
        return Post(f"{self.base_url()}/email/4/messages", headers, msgspec.json.encode(content))

    def _one(self, mail: Mail) -> dict[str, Any]:
        """No `messageId` of ours: another attempt at the same delivery would be refused as a duplicate."""
        parts = {"subject": mail.subject, "text": mail.text, "html": mail.html}
        headers = msgspec.json.encode(mail.headers).decode()  # JSON in a string: so it stands in their specification
        webhooks: dict[str, Any] = {"contentType": "application/json", "callbackData": mail.token}
        if self._reports_here():
            webhooks["delivery"] = {"url": self.around.callback_url, "notify": True}
        reply_to = {"replyTo": mail.reply_to} if mail.reply_to else {}
        return {
            "sender": mail.origin,
            "destinations": [{"to": [{"destination": mail.to}], **reply_to}],
            "content": {name: value for name, value in parts.items() if value} | {"headers": headers},
            "webhooks": webhooks,
        }

    def _reports_here(self) -> bool:
        return not self.settings.callback_username and self.around.callback_url.startswith("https://")

    def read(self, answer: Answer, mails: Sequence[Mail]) -> Sequence[Result]:
        said = mapping(answer.json())
        if not 200 <= answer.status < 300:
            return [refusal(answer, detail=_detail(said))] * len(mails)
        each = said.get("messages")
        each = each if isinstance(each, list) and len(each) == len(mails) else [None] * len(mails)
        return [_result(answer, mapping(one)) for one in each]

    async def callback(self, request: Callback) -> Called:
        settings = self.settings
        if settings.callback_username:
            require_basic(request, username=settings.callback_username, password=settings.callback_password)
        said = mapping(decoded(request.body))
        return Called(infobip_events.receipts(said, Reader(self.name, self.around, request)))


def _detail(said: dict[str, Any]) -> str:
    """Of both forms of error that their APIs have."""
    older = mapping(mapping(said.get("requestError")).get("serviceException"))
    return text(said.get("description") or older.get("text"))


def _result(answer: Answer, one: dict[str, Any]) -> Result:
    status = mapping(one.get("status"))
    group, number = text(status.get("groupId")), text(status.get("id"))
    if group in TAKEN and text(one.get("messageId")):
        return Accepted(text(one.get("messageId")))
    if not group or group in TAKEN:
        return unclear(answer)
    failure = STATUSES.get(number, "message")
    code = f"{number} {text(status.get('name'))}".strip()
    wait_s = RETRY_AFTER_S if failure == "temporary" else None
    return Refused(failure, code, text(status.get("description"))[:300], wait_s)
