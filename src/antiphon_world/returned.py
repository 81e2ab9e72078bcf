"""What a receiving mail server, a complaint desk and people themselves write about a mail: whole letters, in bytes.

A mailbox that is dead or full is told of in one of three forms, by the host: a delivery report (RFC 3464), the form of
qmail (QSBMF), or Exim's letter with `X-Failed-Recipients`. Complaints are RFC 5965, answers of the absent RFC 3834.
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime

from msgspec import Struct

from antiphon_world.draw import draw, pick

HOST = "mx.world.example"
FORMS = ("report", "qmail", "exim")
REPLIES = (
    "Is this still on tomorrow?",
    "Gracias, ¿tenéis también el molinillo?",
    "Merci ! Et la livraison, c'est quand ?",
    "Thanks, I'll think about it.",
)
WHY = {
    "dead": ("5.1.1", 550, "The account does not exist here"),
    "full": ("5.2.2", 552, "The mailbox is over its quota"),
}


class Original(Struct, frozen=True):
    """What a server keeps of a mail to write about it. `head`: a few of its header lines, `text`: its beginning."""

    envelope_from: str
    answer_to: str
    subject: str
    message_id: str
    head: str
    text: str
    arguments: str = ""
    """What a provider with an API was given to tell again, as JSON."""


class Post(Struct, frozen=True):
    """A letter on its way: `sender` is empty for the null sender."""

    sender: str
    to: str
    data: bytes


def bounce(seed: int, original: Original, address: str, why: str, *, at: float) -> Post:
    host = address.rpartition("@")[2]
    form = pick(FORMS, seed, host, address, "form")
    body = {"report": _report, "qmail": _qmail, "exim": _exim}[form](original, address, why)
    return Post("", original.envelope_from, _letter(_daemon(original, seed, address, at) + body))


def complaint(seed: int, original: Original, address: str, to: str, *, at: float) -> Post:
    """Feedback type `abuse`. The address stands only in the headers that come back, as most desks do it."""
    parts = (
        _part("text/plain", "This is an abuse report for a mail that a person moved to spam.\n"),
        _part(
            "message/feedback-report",
            "Feedback-Type: abuse\nUser-Agent: World/1.0\nVersion: 1\n"
            f"Original-Mail-From: <{original.envelope_from}>\nArrival-Date: {_date(at)}\n",
        ),
        _part("text/rfc822-headers", original.head),
    )
    head = (
        f"From: Complaints <feedback@{HOST}>\nTo: <{to}>\nSubject: FW: {_one_line(original.subject)}\n"
        f"Date: {_date(at)}\n"
        f"Message-ID: <{_number(seed, address, original.message_id, 'arf')}@{HOST}>\n"
    )
    return Post(f"feedback@{HOST}", to, _letter(head + _multipart("feedback-report", parts)))


def away(seed: int, original: Original, address: str, *, at: float) -> Post:
    """To the envelope sender, as RFC 3834 4 asks."""
    head = _personal(
        seed, original, address, f"Automatic reply: {original.subject}", original.envelope_from, at, "away"
    )
    head += "Auto-Submitted: auto-replied\nPrecedence: bulk\n"
    text = "I am out of the office until Monday and will answer when I am back.\n"
    return Post("", original.envelope_from, _letter(head + _plain(text)))


def reply(seed: int, original: Original, address: str, text: str, *, at: float) -> Post:
    """A person's answer above what they answer."""
    head = _personal(seed, original, address, f"Re: {original.subject}", original.answer_to, at, text)
    quoted = "\n".join("> " + line for line in original.text.splitlines()[:20])
    body = f"{text}\n\nOn {_date(at)}, <{original.answer_to}> wrote:\n{quoted}\n"
    return Post(address, original.answer_to, _letter(head + _plain(body)))


def some_reply(*about: object) -> str:
    return pick(REPLIES, *about, "words")


def _daemon(original: Original, seed: int, address: str, at: float) -> str:
    return (
        f"From: Mail Delivery System <MAILER-DAEMON@{HOST}>\nTo: <{original.envelope_from}>\nDate: {_date(at)}\n"
        f"Message-ID: <{_number(seed, address, original.message_id, 'bounce')}@{HOST}>\nAuto-Submitted: auto-replied\n"
    )


def _report(original: Original, address: str, why: str) -> str:
    status, code, words = WHY[why]
    parts = (
        _part("text/plain", f"The following address could not be reached:\n\n  <{address}>: {words}\n"),
        _part(
            "message/delivery-status",
            f"Reporting-MTA: dns; {HOST}\n\nFinal-Recipient: rfc822; {address}\nAction: failed\nStatus: {status}\n"
            f"Diagnostic-Code: smtp; {code} {status} <{address}>: {words}\n",
        ),
        _part("text/rfc822-headers", original.head),
    )
    return "Subject: Undelivered Mail Returned to Sender\n" + _multipart("delivery-status", parts)


def _qmail(original: Original, address: str, why: str) -> str:
    """D. J. Bernstein, "The qmail-send Bounce Message Format (QSBMF)"."""
    status, code, words = WHY[why]
    text = (
        f"Hi. This is the mail program at {HOST}.\nYour message could not be delivered to the following addresses.\n\n"
        f"<{address}>:\n{code} {words}. (#{status})\n\n--- Below this line is a copy of the message.\n\n"
        f"{original.head}\n"
    )
    return "Subject: failure notice\n" + _plain(text)


def _exim(original: Original, address: str, why: str) -> str:
    status, code, words = WHY[why]
    text = (
        "This message was created automatically by mail delivery software.\n\nA message that you sent could not be "
        f"delivered to one or more of its recipients.\n\n  {address}\n    SMTP error from remote mail server after "
        f"RCPT TO:<{address}>:\n    {code} {status} {words}\n\n"
        f"------ This is a copy of the message's headers. ------\n\n{original.head}\n"
    )
    head = f"X-Failed-Recipients: {address}\nSubject: Mail delivery failed: returning message to sender\n"
    return head + _plain(text)


def _personal(seed: int, original: Original, address: str, subject: str, to: str, at: float, about: str) -> str:
    lines = (
        f"From: <{address}>",
        f"To: <{to}>",
        f"Subject: {_one_line(subject)}",
        f"Date: {_date(at)}",
        f"Message-ID: <{_number(seed, address, original.message_id, about)}@{address.rpartition('@')[2]}>",
        *((f"In-Reply-To: {original.message_id}",) if original.message_id else ()),
    )
    return "\n".join(lines) + "\n"


def _multipart(kind: str, parts: tuple[str, ...]) -> str:
    bound = "=_world_part"
    head = f'MIME-Version: 1.0\nContent-Type: multipart/report; report-type={kind}; boundary="{bound}"\n\n'
    return head + "".join(f"--{bound}\n{part}\n" for part in parts) + f"--{bound}--\n"


def _part(kind: str, text: str) -> str:
    return f"Content-Type: {kind}\n\n{text}"


def _plain(text: str) -> str:
    return f"MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n{text}"


def _letter(text: str) -> bytes:
    return text.replace("\r\n", "\n").replace("\n", "\r\n").encode("utf-8", "replace")


def _one_line(text: str) -> str:
    return " ".join(text.split())[:200]


def _date(at: float) -> str:
    return format_datetime(datetime.fromtimestamp(at, UTC))


def _number(*about: object) -> str:
    return f"w{int(draw(*about) * 2**52):013x}"
