"""E-mail through Amazon SES: the v2 API, signed with Signature Version 4. What became of it comes through SNS.

Each message goes as `Raw`, from our own assembler: so SES sends the headers that SMTP would (both of RFC 8058,
Feedback-ID, encoded words, our X-Antiphon-Delivery, which comes back in notifications), not at most 15 of them, and
one assembler is proven for both. SES puts its own Message-ID; the attempt token also goes as an e-mail tag, which
events of a configuration set carry.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from typing import Annotated, ClassVar, Final

import msgspec
from msgspec import Meta

from antiphon.channels.adapter import Callback, Called, Limits, Surroundings
from antiphon.channels.adapters.email import ses_events, sigv4
from antiphon.channels.adapters.email.http_calls import Reader, mapping, text
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
from antiphon.channels.adapters.email.mime import assemble
from antiphon.channels.adapters.email.sns import Sns
from antiphon.kernel import clock
from antiphon.kernel.errors import invalid
from antiphon.kernel.records import Accepted, EmailBody, FailureClass, Refused, Result

PATH: Final = "/v2/email/outbound-emails"
QUOTA_WAIT_S: Final = 3600.0

# SES API v2 reference, SendEmail "Errors", and "Common Errors" (read 2026-11).
CODES: dict[str, FailureClass] = {
    "MessageRejected": "message",
    "BadRequestException": "message",
    "AccountSuspendedException": "policy",
    "SendingPausedException": "policy",
    "MailFromDomainNotVerifiedException": "policy",
    "NotFoundException": "policy",  # the configuration set
    "LimitExceededException": "temporary",
    "TooManyRequestsException": "temporary",
    "Throttling": "temporary",
    "ThrottlingException": "temporary",
    "ServiceUnavailable": "temporary",
    "AccessDeniedException": "policy",
    "UnrecognizedClientException": "policy",
    "InvalidClientTokenId": "policy",
    "InvalidSignatureException": "policy",
    "SignatureDoesNotMatch": "policy",
    "ExpiredTokenException": "policy",
    "IncompleteSignature": "policy",
    "MissingAuthenticationToken": "policy",
    "OptInRequired": "policy",
}


class SesSettings(HttpMailSettings, frozen=True, kw_only=True):
    """`topic_arn`: the only SNS topic whose calls are heard. `sns_url` (sandbox only): where certificates are got
    and subscriptions confirmed instead of at Amazon."""

    region: Annotated[str, Meta(pattern=r"^[a-z]{2}(-[a-z]+)+-[0-9]+$")]
    access_key_id: str
    secret_access_key: str
    session_token: str = ""
    configuration_set: str = ""
    topic_arn: str = ""
    sns_url: str = ""

    shown: ClassVar[tuple[str, ...]] = ("region", "access_key_id", "configuration_set", "topic_arn", "base_url")

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.access_key_id.isalnum() or not self.secret_access_key:
            raise invalid("access_key_id", "an access key has an id and a secret.")
        if not (self.session_token.isascii() and self.session_token.isprintable()):
            raise invalid("session_token", "must be one line of ASCII: it goes into a header.")
        if self.topic_arn and not ses_events.is_topic(self.topic_arn):
            raise invalid("topic_arn", "must be such as `arn:aws:sns:eu-west-1:123456789012:mail-events`.")


class SesAdapter(HttpMail[SesSettings]):
    name: ClassVar[str] = "ses"
    limits: ClassVar[Limits] = Limits(
        in_flight_max=100, size_max=10_000_000, source="SES: 40 MB with attachments; 10 MB is what receivers take"
    )

    def __init__(self, settings: SesSettings, around: Surroundings) -> None:
        super().__init__(settings, around)
        self._credentials = sigv4.Credentials(
            settings.access_key_id, settings.secret_access_key, settings.session_token
        )
        self._sns = Sns(
            self.client, topic_arn=settings.topic_arn, instead_url=settings.sns_url if around.private else ""
        )

    def base_url(self) -> str:
        domain = "amazonaws.com.cn" if self.settings.region.startswith("cn-") else "amazonaws.com"
        return self.settings.base_url.rstrip("/") or f"https://email.{self.settings.region}.{domain}"

    def write(self, mails: Sequence[Mail]) -> Post:
        [mail] = mails
        content = {
            "Destination": {"ToAddresses": [mail.to]},
            "Content": {"Raw": {"Data": b64encode(_raw(mail)).decode()}},
            "EmailTags": [{"Name": NAME, "Value": mail.token}],
        }
        if self.settings.configuration_set:
            content["ConfigurationSetName"] = self.settings.configuration_set
        body = msgspec.json.encode(content)
        url = self.base_url() + PATH
        headers = sigv4.signed(
            "POST",
            url,
            headers={"content-type": "application/json"},
            body=body,
            credentials=self._credentials,
            region=self.settings.region,
            service="ses",
            at_wall=clock.wall(),
        )
        return Post(url, headers, body)

    def read(self, answer: Answer, mails: Sequence[Mail]) -> Sequence[Result]:
        said = mapping(answer.json())
        if 200 <= answer.status < 300:
            known_as = text(said.get("MessageId"))
            return [Accepted(known_as) if known_as else unclear(answer)]
        return [_refused(answer, said)]

    async def callback(self, request: Callback) -> Called:
        message = await self._sns.heard(request)
        if message is None:
            return Called()
        return Called(ses_events.items(message, Reader(self.name, self.around, request), self.around))


def _raw(mail: Mail) -> bytes:
    headers = mail.headers
    body = EmailBody(
        sender=mail.sender,
        sender_name=mail.sender_name,
        subject=mail.subject,
        html=mail.html,
        text=mail.text,
        reply_to=mail.reply_to,
        unsubscribe_url=headers.get("List-Unsubscribe", "")[1:-1],
        feedback_id=headers.get("Feedback-ID", ""),
    )
    return assemble(body, to=mail.to, token=mail.token, at_wall=clock.wall(), eight_bit=False).encode()


def _refused(answer: Answer, said: dict[str, object]) -> Refused:
    """The error's name is in a header, such as `MessageRejected:http://…`, or in the body."""
    named = answer.headers.get("x-amzn-errortype") or text(said.get("__type"))
    code = named.split(":")[0].rpartition("#")[2]
    detail = text(said.get("message") or said.get("Message"))
    if code == "MessageRejected" and "not verified" in detail:
        return Refused("policy", f"{answer.status} {code}", detail[:300])
    refused = refusal(answer, code=code, detail=detail, codes=CODES)
    if refused.failure == "temporary" and "quota" in detail.lower():  # of the day, not of the second
        return Refused("temporary", refused.code, refused.detail, QUOTA_WAIT_S)
    return refused
