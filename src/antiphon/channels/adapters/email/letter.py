"""One letter as it goes over the wire: the envelope and the stuffed content."""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import Struct

from antiphon.channels.adapters.email.dkim import Signer, sign
from antiphon.channels.adapters.email.headers import Unsafe, mailbox
from antiphon.channels.adapters.email.mime import assemble, dot_stuff
from antiphon.channels.adapters.email.reply import Extensions
from antiphon.kernel.records import EmailBody, Outgoing, Refused

_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,40}")


class Letter(Struct, frozen=True):
    """`content` is dot-stuffed and ends with the final dot; `size` is what SIZE counts (RFC 1870: without both)."""

    token: str
    sender: str
    recipient: str
    content: bytes
    size: int
    eight_bit: bool
    utf8: bool


def write_letter(
    outgoing: Outgoing,
    *,
    envelope_domain: str,
    signers: Sequence[Signer],
    offered: Extensions,
    at_wall: float,
    size_max: int,
    takes_mail: bool = False,
) -> Letter | Refused:
    """The letter as this server can take it, or why there can be none. `takes_mail`: what comes to the domain of the
    envelope is read, so that answers go there and a mail may unsubscribe."""
    body = outgoing.body
    if not isinstance(body, EmailBody):
        return Refused("message", "wrong_body", f"An e-mail is needed here, not {type(body).__name__}.")
    if not _TOKEN.fullmatch(outgoing.token):
        return Refused("message", "bad_token", "The attempt token must be 1 to 40 characters of A-Z a-z 0-9 _ -.")
    if len(body.html) + len(body.text) > size_max:
        return _too_large(size_max)
    try:
        to = mailbox(outgoing.to)
    except Unsafe as error:
        return Refused("address", "5.1.3", f"The recipient is {error}.")
    try:
        message = assemble(
            body,
            to=str(to),
            token=outgoing.token,
            at_wall=at_wall,
            eight_bit=offered.eight_bit,
            inbox=envelope_domain if takes_mail else "",
        )
        domain = mailbox(body.sender).domain if signers else ""
    except Unsafe as error:
        return Refused("message", "bad_header", f"The sender, reply address or unsubscribe link is {error}.")
    message = sign(message, [signer for signer in signers if signer.covers(domain)], at_wall=at_wall)
    content = message.encode()
    if len(content) > min(size_max, offered.size_max or size_max):
        return _too_large(min(size_max, offered.size_max or size_max))
    return Letter(
        token=outgoing.token,
        sender=f"bounce+{outgoing.token}@{envelope_domain}",
        recipient=str(to),
        content=dot_stuff(content) + b".\r\n",
        size=len(content),
        eight_bit=not content.isascii(),
        utf8=to.utf8 or _header_utf8(message.headers),
    )


def obstacle(letter: Letter, offered: Extensions) -> Refused | None:
    """Why this server cannot take this letter, before a word is said about it."""
    if letter.utf8 and not offered.utf8:
        return Refused(
            "address", "5.6.7", "An address has letters beyond ASCII before the @, and the server offers no SMTPUTF8."
        )
    if offered.size_max and letter.size > offered.size_max:
        return _too_large(offered.size_max)
    return None


def envelope(letter: Letter, offered: Extensions) -> tuple[bytes, bytes]:
    """MAIL (RFC 5321, 1870, 6152, 6531, 3461) and RCPT. Of delivery reports only failure and delay are asked for:
    servers that pass a message on would answer each SUCCESS with a report of their own."""
    mail = f"MAIL FROM:<{letter.sender}>"
    if offered.size:
        mail += f" SIZE={letter.size}"
    if letter.eight_bit and offered.eight_bit:
        mail += " BODY=8BITMIME"
    if letter.utf8:
        mail += " SMTPUTF8"
    if not offered.dsn:
        return f"{mail}\r\n".encode(), f"RCPT TO:<{letter.recipient}>\r\n".encode()
    mail += f" RET=HDRS ENVID={letter.token}\r\n"
    return mail.encode(), f"RCPT TO:<{letter.recipient}> NOTIFY=FAILURE,DELAY\r\n".encode()


def _too_large(limit: int) -> Refused:
    return Refused("message", "5.3.4", f"The message is larger than {limit} bytes, the most that can be sent here.")


def _header_utf8(headers: Sequence[tuple[str, str]]) -> bool:
    return not all(value.isascii() for _, value in headers)
