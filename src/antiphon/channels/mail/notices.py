"""Letters of failure that machines write for people: qmail, Exim, old sendmail, Exchange, Domino and all the others.

They differ in wording and agree in form: some opening words, then each address at the beginning of a line with what
was said of it, then our mail. So there is one reader for all, and a table of the ways in which an address is named.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from antiphon.channels.mail import addresses, parts

RECIPIENTS_MAX: Final = 200
NOTICE_LINES_MAX: Final = 400

# From here on it is our own mail.
_RETURNED = re.compile(
    r"[-_=*|> ]{0,80}(?:this|below|here|enclosed|included|attach\w*|following)[\w ,']{0,40}\bcop(?:y|ies) of"
    r"|[-_=*|> ]{2,}[\w ,']{0,40}(?:original|returned|unsent|source|failed) (?:message|mail|text)"
    r"|(?:the )?(?:original )?message headers?(?: and body)?(?: from)?[^:]{0,20} follows?"
    r"|original (?:message|mail)(?: details| headers| follows| below| is)?\b[^@]{0,40}[:.]?\s*$"
    r"|(?:the )?headers? of (?:the|your) original"
    r"|[-_=*|> ]{2,}(?:message text|message header|return\w* mail|start of|the header|header of|unsent)"
    r"|the first \d+ lines of your"
    r"|a summary of the undelivered"
    r"|---.{0,40}(?:original adjunto|原信件|原件|原邮件|元のメール|оригинал|исходн)",
    re.IGNORECASE,
)
_OUR_HEADER = re.compile(
    r"received: *(?:from|by|\()|return-path: *<"
    r"|(?:delivered-to|dkim-signature|x-received|mime-version|feedback-id|list-id|list-unsubscribe(?:-post)?):",
    re.IGNORECASE,
)
_PERSONAL = re.compile(
    r"^\s*(?:from|reply-to|sender|return-path|cc|original sender|mail from|message[- ]id|subject|date|contact|please"
    r"|for further|if you|questions)\b.{0,60}?[: ]"
    r"|help|assist|\btry\b|\be\.g\.|further information|administrator|please (?:contact|send)|e-?mailing |write to"
    r"|mailto:postmaster",
    re.IGNORECASE,
)
_AT_LINE_START = re.compile(
    r"\s*(?:[*>•·-]+\s+|>+\s*|\d+[.)]\s+)?[\"'<(\[]*(?:mailto:|rfc822;\s*)?"
    rf"((?>{addresses.ADDRESS}))"
    # Prose goes on after it, no verdict.
    r"(?![ \t]+(?:fails|or|and|if|to|for|with|as|please|in order|instead)\b)"
)
_NAMED = re.compile(
    rf"(?:deliver\w*|undeliver\w*|recipients?|unknown user|no such user|user ?id|mailbox|mail box"
    rf"|address(?:ee|ed)?|attempts"
    rf"|(?:message|mail|sent|send|reach\w*|failed|returned|not found|bounced|user|account|errors?|full"
    rf"|gateway|quota|size)"
    rf")\b[^@\n]{{0,80}}?[\s:<\"'(\[,]({addresses.ADDRESS})",
    re.IGNORECASE,
)
_TO = re.compile(rf"\s*(?:to|recipients?|rcpt|addressed to)\s*:\s*(?:[^<@]{{0,60}}<)?\"?({addresses.ADDRESS})", re.I)
_TRANSCRIPT = re.compile(r"-{3,} ?transcript of session", re.IGNORECASE)
_GENERATED = re.compile(rf"(?:generated|expanded) from:? <?({addresses.ADDRESS})", re.IGNORECASE)


class Notice(Struct, frozen=True):
    """`said`: for each address what the letter says of it, from the surest to the vaguest."""

    text: str
    returned: parts.Headers
    said: dict[str, tuple[str, ...]]


def read_notice(text: str, known: Sequence[str] = (), ours: Sequence[str] = ()) -> Notice:
    """`known`: recipients told elsewhere. `ours`: addresses that are named without having failed."""
    lines, rest = _cut(text)
    returned = _returned(rest)
    transcript = next((at for at, line in enumerate(lines) if _TRANSCRIPT.search(line)), len(lines))
    starts = _starts(lines, known, ours, transcript) or _to(returned, lines, ours)
    sections = _sections(lines, starts, transcript)
    return Notice("\n".join(lines), returned, sections)


def _cut(text: str) -> tuple[list[str], list[str]]:
    lines = text.split("\n")
    for at, line in enumerate(lines[:NOTICE_LINES_MAX]):
        if at and _OUR_HEADER.match(line):
            return lines[:at], lines[at:]
        if _RETURNED.match(line.strip()[:200]) and not _AT_LINE_START.match(line):
            return lines[:at], lines[at + 1 :]
    return lines[:NOTICE_LINES_MAX], []


def _returned(lines: Sequence[str]) -> parts.Headers:
    block: list[str] = []
    for line in lines[: parts.HEADER_LINES_MAX]:
        if line.strip():
            block.append(line.removeprefix("> "))
        elif len(block) > 2:
            break
    return parts.fields("\n".join(block))


def _starts(lines: Sequence[str], known: Sequence[str], ours: Sequence[str], transcript: int) -> list[tuple[int, str]]:
    """Where which address is spoken of: by the surest way of naming one that finds any."""
    end = len(lines)
    if known:
        lower = {address.lower(): address for address in known}
        found = [
            (at, lower[address.lower()])
            for at, line in enumerate(lines)
            for address in addresses.all_in(line)
            if address.lower() in lower
        ]
        missing = [(len(lines), address) for address in known if address not in {one for _, one in found}]
        return [*found, *missing]
    ways = (_AT_LINE_START.match, transcript), (_AT_LINE_START.match, end), (_NAMED.search, end), (_TO.match, end)
    for marks, upto in ways:
        named = [
            (at, address)
            for at, line in enumerate(lines[:upto])
            if (match := marks(line)) and not _PERSONAL.search(line[: match.start(1)])
            if (address := addresses.tidy(match[1]))
        ]
        if others := [(at, address) for at, address in named if address not in ours and not _is_machine(address)]:
            return others[: RECIPIENTS_MAX * 4]
    return _last_resort(lines, ours, transcript)


def _last_resort(lines: Sequence[str], ours: Sequence[str], transcript: int) -> list[tuple[int, str]]:
    """The only address there is, or one of ours alone on a line, or the one that another was made from."""
    every = [(at, address) for at, line in enumerate(lines) for address in addresses.all_in(line)]
    others = [(at, address) for at, address in every if address not in ours and not _is_machine(address)]
    if len({address for _, address in others}) == 1 and not _PERSONAL.search(lines[others[0][0]]):
        return others
    if first := [(at, a) for at, line in enumerate(lines[:transcript]) if (a := _alone(line))]:
        return first
    return [
        (at, a) for at, line in enumerate(lines) for found in _GENERATED.findall(line) if (a := addresses.tidy(found))
    ]


def _alone(line: str) -> str:
    found = _AT_LINE_START.match(line)
    return addresses.tidy(found[1]) if found else ""


def is_of_list(headers: parts.Headers) -> bool:
    """A letter to a list: who is in its To is not who it went to."""
    return "list-id" in headers or "x-beenthere" in headers or headers.first("precedence").lower() == "list"


def _to(returned: parts.Headers, lines: Sequence[str], ours: Sequence[str]) -> list[tuple[int, str]]:
    if is_of_list(returned):
        return []
    named = [address for value in returned.get("to", ()) for address in addresses.all_in(parts.words(value)[:2_000])]
    others = [address for address in named if address not in ours] or named
    return [(len(lines), address) for address in others[:1]]


def _sections(lines: Sequence[str], starts: Sequence[tuple[int, str]], transcript: int) -> dict[str, tuple[str, ...]]:
    order = list(dict.fromkeys(address for _, address in starts))[:RECIPIENTS_MAX]
    of_line: dict[int, str] = {}
    for at, address in starts:
        of_line.setdefault(at, address)
    whole = "\n".join(lines)
    if len(order) == 1:
        first = min(at for at, _ in starts)
        return {order[0]: ("\n".join(lines[first:transcript]), "\n".join(lines[transcript:]), whole)}
    own: dict[str, list[str]] = {address: [] for address in order}
    speaking = ""
    for at, line in enumerate(lines):
        speaking = of_line.get(at, speaking if at != transcript else "")
        if speaking in own:
            own[speaking].append(line)
    return {address: ("\n".join(own[address]), "") for address in order}


def _is_machine(address: str) -> bool:
    return address.partition("@")[0].lower() in ("postmaster", "mailer-daemon", "abuse", "hostmaster", "noreply")
