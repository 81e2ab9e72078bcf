"""Why it came back: from words, status and reply code to one of our reasons."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from antiphon.channels.mail.codes import Stage, by_code, by_exact, is_exact, stage_of
from antiphon.channels.mail.phrases import plain, said
from antiphon.channels.mail.records import DEAD, DIAGNOSTIC_CHARS_MAX, FAILURE, Kind, Reason, Reported

# What says little: a more exact word farther off is preferred.
_VAGUE: Final[frozenset[Reason]] = frozenset({"system", "mailer", "expired", "filtered", "no_such_host", "network"})

_STATUS = re.compile(r"(?<![\w.])([245]\.\d{1,3}\.\d{1,3})(?!\.?\d)")
_REPLY = re.compile(r"(?<![\w.@+/=-])([45][0-57]\d)(?=[ \-:<,;)]|$)")
_FOR_NOW = re.compile(r"not found, try again|try again later|temporar")
# The bare word; who says that an account does not exist has looked.
_BARE = re.compile(
    r"unknown user|user unknown|no such user|user not found|mailbox unavailable|invalid (?:recipient|address)"
    r"|recipient (?:rejected|refused|denied)"
)
# The Japanese carrier KDDI puts the address before the colon in reply to RCPT, and nothing in reply to DATA.
_NAMES_NOBODY = re.compile(r"\b55\d:? : user unknown")
# What follows an address that is the subject of the sentence.
_VERDICT: Final = (
    r"(?=[:,;.-]{0,4} (?:is |was |has |does |do |can)?"
    r"(?:rejected|refused|denied|invalid|unknown|not\b|n't|no longer|doesn't|isn't|wasn't|couldn't|could not|cannot))"
)
_ABOUT_ADDRESS = re.compile(r"5\.1\.[1-9]")


class Evidence(Struct, frozen=True):
    """`texts`: what was said, from the surest to the vaguest. `status`: the field of that name in a report.

    `told`: the first text is an answer told in the form of a report, not retold in a letter. `by_rule`: the answer
    is one that somebody made up for a rule of his, whatever it says.
    """

    texts: Sequence[str]
    status: str = ""
    told: bool = False
    by_rule: bool = False


def judge(recipient: str, evidence: Evidence, *, delayed: bool = False) -> Reported:
    texts = [text for text in evidence.texts if text.strip()]
    words = [plain(_naming(recipient, text)) for text in texts]
    status = _status(texts, evidence.status)
    reply = _reply(texts)
    stage = stage_of(texts)
    reason = _reason(words, status, reply, stage) or ("expired" if delayed else _unread(evidence, status, reply))
    reason = _proven(reason, words, status=status, stage=stage, quoted=bool(reply) and not evidence.told)
    if reason == "no_such_user" and evidence.by_rule:
        reason = "filtered"
    hard = reason in DEAD and not delayed and not status.startswith("4")
    kind: Kind = "delayed" if delayed else "bounced"
    return Reported(
        recipient=recipient,
        kind=kind,
        reason=reason,
        hard=hard,
        failure=FAILURE[reason] if hard or reason not in DEAD else "temporary",
        status=status,
        reply_code=reply,
        diagnostic=" ".join(texts[0].split())[:DIAGNOSTIC_CHARS_MAX] if texts else "",
    )


def _reason(words: Sequence[str], status: str, reply: str, stage: Stage) -> Reason | None:
    detail = status.partition(".")[2]
    if exact := by_exact(detail):
        return exact
    vague: Reason | None = None
    for nth, text in enumerate(words):
        found = said(text)
        if found == "no_such_user" and any(said(farther) == "disabled" for farther in words[nth + 1 :]):
            return "disabled"  # the one word is the server's, the other that of the mail system that knows why
        if found and found not in _VAGUE:
            return found
        vague = vague or found
        if nth == 0 and not found and is_exact(detail):
            vague = by_code(detail, reply, stage)
        if vague and is_exact(detail):
            return vague
    return vague or by_code(detail, reply, stage)


def _naming(recipient: str, text: str) -> str:
    """`542 ann@shop.example rejected` is said of the recipient: he is named, so that phrases find him."""
    if not recipient or recipient not in text:
        return text
    return re.sub(rf"<?{re.escape(recipient)}>?{_VERDICT}", "recipient", text, flags=re.IGNORECASE)


def _unread(evidence: Evidence, status: str, reply: str) -> Reason:
    """Nothing was said, or it was not understood. X-Unix is what a program ended with (RFC 3464 leaves it free)."""
    first = evidence.texts[0].lower() if evidence.texts and evidence.told else ""
    if first.startswith("x-unix;"):
        return "mailer"
    return "unclear" if reply or is_exact(status.partition(".")[2]) or (evidence.told and first.strip()) else "unknown"


def _proven(reason: Reason, words: Sequence[str], *, status: str, stage: Stage, quoted: bool) -> Reason:
    """An address is given up on proof only.

    Servers say "user unknown" after the letter itself when the recipient's own filter refuses it (the Japanese
    carriers do), and gateways retell such an answer without its circumstances. Proof is a status about addresses
    (X.1.X), an answer to RCPT, a report that is no answer to DATA, or a system that quotes nobody.
    """
    if stage == "mail" and reason in ("no_such_user", "no_such_host"):
        return "sender_rejected"
    if reason == "no_such_host" and (status.startswith("4") or any(_FOR_NOW.search(text) for text in words[:1])):
        return "network"
    if reason == "no_such_user" and stage != "rcpt" and any(_NAMES_NOBODY.search(text) for text in words):
        return "filtered"
    if reason != "no_such_user" or (status[:1] != "4" and _ABOUT_ADDRESS.match(status)) or stage == "rcpt":
        return reason
    if status.startswith("4"):
        return reason
    quoted = quoted or any("[user unknown]" in text for text in words)
    return "filtered" if (stage == "data" or quoted) and any(_BARE.search(text) for text in words) else reason


def _status(texts: Sequence[str], field: str) -> str:
    said_there = [found[1] for text in texts[:2] for found in _STATUS.finditer(text[:2_000]) if found[1][0] in "45"]
    exact = [found for found in said_there if not found.endswith((".0.0", ".1.0"))]
    in_field = [found[1] for found in _STATUS.finditer(field[:100])]
    return next(iter([*exact, *in_field, *said_there]), "")


def _reply(texts: Sequence[str]) -> str:
    return next((found[1] for text in texts if (found := _REPLY.search(text[:4_000]))), "")
