"""Where a message ends and its signature begins.

Only the tail is looked at, and only what leaves something of the message: RFC 3676 4.3's `-- `, a device that names
itself, a closing and a name, the sender's own name, a paragraph of telephone numbers and links.
"""

from __future__ import annotations

import re
from typing import Final

TAIL_LINES_MAX: Final = 30
_SIGNATURE_CHARS_MAX = 1_500
_PARAGRAPH_LINES_MAX = 8
_LINE_CHARS_MAX = 70

_DASHES = re.compile(r"(?:--|—|–|__)[ \u00a0]*")
_RULE = re.compile(r"[-_=*–—]{8,}")
_CONTACT = re.compile(
    r"[^\s@]{1,64}@[^\s@]+\.[a-z]{2,}|(?:https?://|www\.)\S+|(?:\+|\(\d|\b\d)[\d ()./-]{6,}\d|^(?:tel|fax|phone|mob)\b",
    re.IGNORECASE,
)
_HAS_WORD = re.compile(r"[^\W\d_]{2}")
_DEVICE = re.compile(
    r"iphone|ipad|android|samsung|galaxy|huawei|xiaomi|pixel|blackberry|windows phone|outlook|yahoo|proton|gmail|"
    r"thunderbird|gmx|web\.de|mail\.ru|yandex|sparrow|handy|smartphone|mobile|móvil|мобильн|スマート",
    re.IGNORECASE,
)
_SENT = re.compile(
    r"\bsent\b|\bget\b|gesendet|holen|gesch(?:ickt|rieben)|envoy|télécharg|obten|envi(?:ado|é)|inviato|scarica|"
    r"verzonden|verstuurd|download|skickat|sendt|lähetetty|wysłan|pobierz|отправлен|надіслан|gönder|送信|发自|发送|"
    r"보냄|\bvia\b",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"(?:many |best |kind(?:est)? |warm(?:est)? |with )?(?:thanks|regards|wishes|best|cheers|sincerely)\b[a-z ]{0,24}|"
    r"thank you[a-z ]{0,24}|yours[a-z ]{0,14}|mfg|lg|danke(?: und gruß)?|"
    r"(?:mit )?(?:freundliche|beste|viele|liebe|herzliche)[nmr]? gr(?:ü|ue)(?:ß|ss)e?n?|"
    r"(?:bien )?(?:à vous|cordialement)|merci(?: d.avance)?|"
    r"(?:un )?(?:cordial )?saludos?(?: cordial(?:es)?)?|atentamente|(?:muchas )?gracias|(?:muito )?obrigad[oa]|"
    r"atenciosamente|abraços?|(?:com os melhores )?cumprimentos|(?:cordiali )?saluti|grazie(?: mille)?|"
    r"(?:met )?(?:vriendelijke |hartelijke )?groet(?:en|jes)?|mvg|bedankt|(?:z )?poważaniem|att|"
    r"(?:serdecznie )?pozdrawiam(?: serdecznie)?|(?:serdeczne )?pozdrowienia|dziękuję|с уважением|спасибо|"
    r"(?:どうぞ)?(?:宜|よろ)しくお願い(?:いた|致|申し上げ)?(?:します|ます)|敬具",
    re.IGNORECASE,
)


def split_signature(text: str, *, sender: str = "") -> tuple[str, str]:
    """(message, signature); the signature is empty where none is sure."""
    lines = text.split("\n")
    first = max(1, len(lines) - TAIL_LINES_MAX)
    places = [
        _after_dashes(lines, first),
        _after_rule(lines, first),
        _device(lines),
        _closing(lines, first),
        _last_paragraph(lines, sender),
    ]
    start = min((place for place in places if place), default=0)
    message, signature = "\n".join(lines[:start]).rstrip(), "\n".join(lines[start:]).strip()
    if not message.strip() or len(signature) > _SIGNATURE_CHARS_MAX:
        return text, ""
    return message, signature


def _after_dashes(lines: list[str], first: int) -> int:
    return next((place for place in range(first, len(lines)) if _DASHES.fullmatch(lines[place])), 0)


def _after_rule(lines: list[str], first: int) -> int:
    """A long rule, and below it short lines of which one is a number or a link."""
    for place in range(first, len(lines)):
        if _RULE.fullmatch(lines[place].strip()):
            below = [line for line in lines[place + 1 :] if line.strip()]
            if below and _all_short(below) and any(map(_CONTACT.search, below)):
                return place
    return 0


def _device(lines: list[str]) -> int:
    """Sent from my …: the last paragraph, and only one line of it."""
    last = lines[-1].strip()
    is_one = len(last) <= _LINE_CHARS_MAX and _DEVICE.search(last) and _SENT.search(last) and last[-1:] not in "!?"
    return len(lines) - 1 if is_one and len(lines) > 1 and not lines[-2].strip() else 0


def _closing(lines: list[str], first: int) -> int:
    """A closing on a line of its own, and a few short lines below it."""
    for place in range(first, len(lines)):
        if _CLOSING.fullmatch(lines[place].strip().rstrip(",.!;。、，！ ")):
            below = [line for line in lines[place + 1 :] if line.strip()]
            if 0 < len(below) <= _PARAGRAPH_LINES_MAX and _all_short(below) and not any(map(_is_sentence, below)):
                return place
    return 0


def _last_paragraph(lines: list[str], sender: str) -> int:
    """It begins with the sender's name, or holds two ways to reach somebody."""
    start = len(lines)
    while start and lines[start - 1].strip():
        start -= 1
    paragraph = lines[start:]
    if not start or len(paragraph) > _PARAGRAPH_LINES_MAX or not _all_short(paragraph):
        return 0
    if _announces(next((line for line in reversed(lines[:start]) if line.strip()), ""), len(paragraph)):
        return 0
    reachable = sum(bool(_CONTACT.search(line)) for line in paragraph) >= 2 and any(map(_HAS_WORD.search, paragraph))
    is_signed = _is_of(sender, paragraph) or (reachable and not any(map(_is_sentence, paragraph)))
    return start if is_signed else 0


def _announces(line: str, n: int) -> bool:
    """`Please send it to`, and then a name and a street: what is below is what was said. A colon announces anything, a
    line of some words without an end what is longer than one line."""
    line = line.strip()
    return line.endswith((":", "：")) or (n > 1 and line[-1:].isalpha() and len(line.split()) > 2)


def _is_of(sender: str, paragraph: list[str]) -> bool:
    """The whole name begins it, or the first name stands alone."""
    first = paragraph[0].strip().lower().rstrip(",.!")
    name = sender.lower().split()
    return bool(name) and (first.startswith(sender.lower()) or (len(paragraph) == 1 and first == name[0]))


def _all_short(lines: list[str]) -> bool:
    return all(len(line) <= _LINE_CHARS_MAX for line in lines)


def _is_sentence(line: str) -> bool:
    return line.strip()[-1:] in "?!" or len(line.split()) > 8
