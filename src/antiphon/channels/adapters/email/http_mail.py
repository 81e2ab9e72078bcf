"""What the mail providers with an HTTP API have in common: settings, the letter in plain values, sending, statuses.

A provider's file adds its limits, its settings, its table of statuses, how a request is written and an answer read.
Signing with DKIM and the envelope sender are theirs; our headers go along.
"""

from __future__ import annotations

import asyncio
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Generic, TypeVar

from msgspec import Meta, Struct

from antiphon.channels.adapter import Limits, Recalled, Sent, Sink, Surroundings, Unreachable
from antiphon.channels.adapters.email.headers import Unsafe, clean, mailbox, unstructured, url
from antiphon.channels.adapters.email.http_client import Answer, HttpClient
from antiphon.kernel import clock, urls
from antiphon.kernel.errors import invalid
from antiphon.kernel.records import Channel, EmailBody, FailureClass, InDoubt, Outgoing, Refused, Result

NAME = "antiphon"
"""Under this name our attempt token stands in a provider's tags, metadata, variables or arguments."""
HEADER = "X-Antiphon-Delivery"
RETRY_AFTER_S = 30.0

_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,40}")

# RFC 9110 15, as far as a provider's own code does not say more.
STATUSES: dict[int, tuple[FailureClass, str]] = {
    400: ("message", "bad_request"),
    401: ("policy", "credentials"),
    402: ("policy", "payment"),
    403: ("policy", "forbidden"),
    404: ("policy", "not_found"),  # the domain or the account in the path
    405: ("policy", "not_found"),
    408: ("temporary", "time_out"),
    413: ("message", "too_large"),
    415: ("message", "bad_request"),
    422: ("message", "bad_request"),
    429: ("temporary", "throttled"),
    503: ("temporary", "unavailable"),
    521: ("temporary", "unavailable"),  # of proxies before the provider, which was never reached
    523: ("temporary", "unavailable"),
    525: ("temporary", "unavailable"),
    526: ("temporary", "unavailable"),
    529: ("temporary", "throttled"),
}
HUNDREDS: dict[int, tuple[FailureClass, str]] = {
    3: ("policy", "redirect"),  # never followed: the guard has not seen where it leads
    4: ("policy", "refused"),
}


def is_uncertain(status: int) -> bool:
    """Something broke while or after it was taken, as far as we know: none of these providers has a key that would
    make a repeat harmless. 520, 522 and 524 are a proxy's that lost the provider's answer."""
    return status >= 500 and status not in STATUSES


class HttpMailSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`tracking`: let the provider count opens and clicks too; we do so over our own links already. `connections`:
    requests at once, over all processes.

    Only the names in `shown` are in the repr: everything else may be a secret.
    """

    base_url: str = ""
    tracking: bool = False
    connections: Annotated[int, Meta(ge=1, le=200)] = 50
    connect_timeout_s: Annotated[float, Meta(gt=0, le=60)] = 2.0
    answer_timeout_s: Annotated[float, Meta(gt=0, le=300)] = 30.0

    shown: ClassVar[tuple[str, ...]] = ("base_url",)

    def __post_init__(self) -> None:
        if self.connect_timeout_s >= self.answer_timeout_s:
            # The other way round, a connection that did not come about could not be told from a lost answer.
            raise invalid("connect_timeout_s", "must be below `answer_timeout_s`.")
        if self.base_url and not re.fullmatch(r"https?://[^\s/?#@]+(/[^\s?#]*)?", self.base_url):
            raise invalid("base_url", "must be an address such as `https://api.example.org`, without a query.")

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={value!r}" for name, value in self.__rich_repr__())
        return f"{type(self).__name__}({fields})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:  # Any: as the base class has it
        return [(name, getattr(self, name)) for name in self.shown if getattr(self, name)]


class Mail(Struct, frozen=True):
    """A letter in values that nobody can break out of, for providers that assemble it themselves. Lines are single;
    `headers` are those beyond From, To, Subject and Reply-To, in ASCII."""

    token: str
    to: str
    sender: str
    sender_name: str
    reply_to: str
    subject: str
    text: str
    html: str
    headers: dict[str, str]

    @property
    def message_id(self) -> str:
        """As our own assembler has it, where a provider takes one from us."""
        return f"<{self.token}@{self.sender.rpartition('@')[2]}>"

    @property
    def origin(self) -> str:
        """From, as one text: the name quoted, in UTF-8."""
        if not self.sender_name:
            return self.sender
        name = self.sender_name.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{name}" <{self.sender}>'


class Post(Struct, frozen=True):
    """`headers` hold credentials."""

    url: str
    headers: Mapping[str, str]
    body: bytes


S = TypeVar("S", bound=HttpMailSettings)


class HttpMail(ABC, Generic[S]):
    """`together`: how many messages one request takes, with an answer for each."""

    channel: ClassVar[Channel] = Channel.EMAIL
    limits: ClassVar[Limits]
    together: ClassVar[int] = 1

    def __init__(self, settings: S, around: Surroundings) -> None:
        self.settings, self.around = settings, around
        self.client = HttpClient(
            private=around.private,
            room=settings.connections,
            connect_timeout_s=settings.connect_timeout_s,
            answer_timeout_s=settings.answer_timeout_s,
        )

    @property
    def connections(self) -> int:
        """The account's, over all processes."""
        return self.settings.connections

    def resize(self, connections: int) -> int:
        """At most so many requests at once here from now on. Returns how many are under way: they end first."""
        return self.client.room.resize(connections)

    @abstractmethod
    def base_url(self) -> str: ...

    @abstractmethod
    def write(self, mails: Sequence[Mail]) -> Post: ...

    @abstractmethod
    def read(self, answer: Answer, mails: Sequence[Mail]) -> Sequence[Result]:
        """One result for each, in order."""

    async def connect(self) -> None:
        """Nothing stays open: that the provider's name leads somewhere is all that is asked."""
        try:
            await self.client.check(self.base_url())
        except urls.Refused as refused:
            raise Unreachable(str(refused)) from refused

    async def close(self) -> None:
        await self.client.close()

    async def listen(self, sink: Sink) -> None:
        """What became of it is told by calls."""

    async def recall(self, sent: Sequence[Sent]) -> Sequence[Recalled]:
        return [Recalled.CANNOT] * len(sent)

    async def send_many(self, batch: Sequence[Outgoing]) -> Sequence[Result]:
        written = [write_mail(outgoing, size_max=self.limits.size_max) for outgoing in batch]
        results: list[Result | None] = [each if isinstance(each, Refused) else None for each in written]
        ready = [at for at, each in enumerate(written) if isinstance(each, Mail)]
        chunks = [ready[at : at + self.together] for at in range(0, len(ready), self.together)]
        mails = [each if isinstance(each, Mail) else None for each in written]

        async def send(places: list[int]) -> None:
            sending = [(mail, batch[at].deadline_wall) for at in places if (mail := mails[at]) is not None]
            for at, result in zip(places, await self._send(sending), strict=True):
                results[at] = result

        await asyncio.gather(*(send(places) for places in chunks))
        return [result if result is not None else InDoubt("no result") for result in results]

    async def _send(self, mails: Sequence[tuple[Mail, float]]) -> Sequence[Result]:
        """One request. Where the whole of it is refused for what it holds, each goes alone: one must not spoil all."""
        deadline_wall = min(deadline for _, deadline in mails)
        if len(mails) > 1 and deadline_wall <= clock.wall():
            return await self._one_by_one(mails)
        letters = [mail for mail, _ in mails]
        post = self.write(letters)
        answer = await self.client.post(post.url, headers=post.headers, body=post.body, deadline_wall=deadline_wall)
        if not isinstance(answer, Answer):
            return [answer] * len(mails)
        if is_uncertain(answer.status):
            return [InDoubt(f"the provider answered {answer.status}: it may have taken the message")] * len(mails)
        if len(mails) > 1 and answer.status in (400, 413, 422):
            return await self._one_by_one(mails)
        return self.read(answer, letters)

    async def _one_by_one(self, mails: Sequence[tuple[Mail, float]]) -> Sequence[Result]:
        return [(await self._send([each]))[0] for each in mails]


def write_mail(outgoing: Outgoing, *, size_max: int) -> Mail | Refused:
    """The letter, or why there can be none."""
    body = outgoing.body
    if not isinstance(body, EmailBody):
        return Refused("message", "wrong_body", f"An e-mail is needed here, not {type(body).__name__}.")
    if not _TOKEN.fullmatch(outgoing.token):
        return Refused("message", "bad_token", "The attempt token must be 1 to 40 characters of A-Z a-z 0-9 _ -.")
    if not (body.text or body.html):
        return Refused("message", "empty", "The message has neither text nor HTML.")
    if len(body.text.encode("utf-8", "replace")) + len(body.html.encode("utf-8", "replace")) > size_max:
        return Refused("message", "5.3.4", f"The message is larger than {size_max} bytes.")
    try:
        to = mailbox(outgoing.to)
    except Unsafe as error:
        return Refused("address", "5.1.3", f"The recipient is {error}.")
    if to.utf8:
        return Refused(
            "address", "5.6.7", "The address has letters beyond ASCII before the @; no such provider takes it."
        )
    try:
        return Mail(
            token=outgoing.token,
            to=str(to),
            sender=str(mailbox(body.sender)),
            sender_name=clean(encodable(body.sender_name)),
            reply_to=str(mailbox(body.reply_to)) if body.reply_to else "",
            subject=clean(encodable(body.subject)),
            text=encodable(body.text),
            html=encodable(body.html),
            headers=_headers(body, token=outgoing.token),
        )
    except Unsafe as error:
        return Refused("message", "bad_header", f"The sender, reply address or unsubscribe link is {error}.")


def encodable(text: str) -> str:
    """Without halves of surrogate pairs, which no encoding takes: one would spoil the whole batch."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _headers(body: EmailBody, *, token: str) -> dict[str, str]:
    headers = {}
    if body.unsubscribe_url:  # RFC 8058 3.1
        headers["List-Unsubscribe"] = f"<{url(body.unsubscribe_url)}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    if body.automatic:  # RFC 3834 5
        headers["Auto-Submitted"] = "auto-generated"
    if body.feedback_id:
        headers["Feedback-ID"] = unstructured("Feedback-ID", body.feedback_id).replace("\r\n ", " ")
    return {**headers, HEADER: token}


def refusal(
    answer: Answer, *, code: str = "", detail: str = "", codes: Mapping[str, FailureClass] | None = None
) -> Refused:
    """By the provider's own code where its table has it, then by the status, then by its hundred."""
    failure, word = STATUSES.get(answer.status) or HUNDREDS.get(answer.status // 100, ("policy", "refused"))
    if code:
        failure, word = (codes or {}).get(code, failure), code
    wait_s = None
    if failure == "temporary":
        wait_s = answer.retry_after_s if answer.retry_after_s is not None else RETRY_AFTER_S
    return Refused(failure, f"{answer.status} {word}", (detail or answer.said())[:300], wait_s)


def unclear(answer: Answer) -> InDoubt:
    """A yes that does not say to what."""
    return InDoubt(f"the provider answered {answer.status} without saying what became of the message")
