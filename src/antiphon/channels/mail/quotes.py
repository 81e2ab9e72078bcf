"""What somebody said in a reply, apart from what they quoted and how they signed.

Mail programs announce a quotation in as many ways as there are languages. Looked for is the shape: a line with a date
that ends in a colon before quoted lines, a block of `Label: value` lines with a sender and a date, a rule with words in
it. Words of languages only widen what the shape alone would leave open. Every pattern looks at one short line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from msgspec import Struct

from antiphon.channels.mail.signature import split_signature

REST: Final = "\x1d"
"""A line that says: all below is quoted. `markup.py` writes it where HTML says so."""
RULE: Final = "_" * 32
"""A line across the page."""

LINES_MAX: Final = 5_000
_LINE_CHARS_MAX = 1_000
_INTRODUCTION_LINES = 4
_HEADER_LINES = 9

_TIME = r"(?<![\d.])\d{1,2}[:.h]\d{2}(?![\d.])"
_DAY = (
    r"\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{4}[./-]\d{1,2}[./-]\d{1,2}|\d{4} ?年|"
    r"(?<!\d)\d{1,2}\D{1,20}(?:19|20)\d\d(?!\d)|(?<!\d)(?:19|20)\d\d\D{1,12}\d{1,2}(?!\d)"
)
_WHEN = re.compile(rf"{_TIME}|{_DAY}|(?<!\d)(?:19|20)\d\d(?!\d)")
_CLOCK = re.compile(_TIME)
_DATE = re.compile(_DAY)
_ADDRESS = re.compile(r"[^\s<>@]{1,64}@[^\s<>@]{1,200}")
_STARTS_INSIDE = re.compile(rf"(?:(?:19|20)\d\d|{_TIME})\b")
_ENDS = (":", "：")
_SENTENCE_END = re.compile(r"[^\W\d_]{3}[.!?] [^\W\d_]")
# They wrote, in the languages whose programs put no address into the line.
_WROTE = re.compile(
    r"\b(?:wrote|writes|schrieb|a écrit|escribió|escreveu|ha scritto|schreef|skrev|kirjoitti|napisał|napsal|написал|"
    r"писал|пише|yazdı|írta|a scris|έγραψε|menulis|viết)|(?:書き|写道|のメール|작성|כתב|كتب)",
    re.IGNORECASE,
)
_LABEL = re.compile(r"[*_ ]{0,3}([^\W\d][^:：*<>@]{0,24}?)[*_ \u00a0]{0,3}[:：][* ]{0,3}(.*)")
_BETWEEN_RULES = re.compile(r"[-_=–—*]{2,}[ >]{0,3}([^\W\d_][^\d:@]{2,60}?)[ <]{0,3}[-_=–—*]{2,}")
_IS_RULE = re.compile(r"[-_=–—*]{8,}")

_LABELS: Final = {
    "from": "from, de, von, van, da, från, fra, lähettäjä, od, от, від, gönderen, kimden, feladó, "
    "expéditeur, remitente, mittente, absender, afzender, de la, από, 差出人, 送信者, 发件人, "
    "寄件者, 보낸사람, 보낸 사람, מאת, من, dari, từ",
    "date": "date, sent, fecha, enviado, enviado el, gesendet, datum, data, inviato, envoyé, envoyé le, verzonden, "
    "skickat, sendt, lähetetty, päivämäärä, wysłano, data wysłania, дата, отправлено, надіслано, tarih, gönderildi, "
    "dátum, elküldve, trimis, ημερομηνία, στάλθηκε, 日時, 送信日時, 日付, 发送时间, 日期, "
    "날짜, 보낸 날짜, תאריך, נשלח, تاريخ, tanggal, ngày",
    "to": "to, para, an, à, a, aan, till, til, vastaanottaja, do, кому, kime, alıcı, címzett, către, προς, 宛先, "
    "收件人, 받는사람, 받는 사람, אל, إلى, kepada, đến",
    "subject": "subject, asunto, assunto, betreff, objet, oggetto, onderwerp, ämne, emne, aihe, temat, tárgy, тема, "
    "konu, subiect, θέμα, 件名, 主题, 主旨, 제목, נושא, موضوع, subjek, chủ đề",
}
_KINDS: Final = {word: kind for kind, names in _LABELS.items() for word in names.split(", ")}


class Cut(Struct, frozen=True):
    """`said` is empty only where the text is: a reply that is all quotation stays whole."""

    said: str
    quoted: str = ""
    signature: str = ""


def cut(text: str, *, sender: str = "") -> Cut:
    """`sender` is the name of who wrote it: a last paragraph that begins with it is a signature."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    # REST counts as a blank: to strip it would take it away.
    lines = [line if line == REST else line[:_LINE_CHARS_MAX].rstrip() for line in text.split("\n")[:LINES_MAX]]
    end = next(_ends(lines), len(lines))
    quoted = set(range(end, len(lines)))
    for start, stop in _quotations(lines, end):
        quoted.update(range(start, stop))
    said = _joined(line for place, line in enumerate(lines) if place not in quoted)
    if not said.strip("-_=*– \n"):
        return Cut(_joined(lines))
    kept, signature = split_signature(_without_last_rule(said), sender=sender)
    return Cut(kept, _joined(lines[place] for place in sorted(quoted)), signature)


def _joined(lines: Iterator[str] | Sequence[str]) -> str:
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line for line in lines if line != REST)).strip()


def _without_last_rule(said: str) -> str:
    """The line that some programs draw above what they quote."""
    head, _, last = said.rpartition("\n")
    return head.rstrip() if head and _IS_RULE.fullmatch(last.strip()) else said


def _ends(lines: Sequence[str]) -> Iterator[int]:
    """Where all that follows is quoted."""
    for place, line in enumerate(lines):
        if line == REST or _is_separator(lines, place) or _is_header(lines, place) or _introduces_rest(lines, place):
            yield place


def _is_separator(lines: Sequence[str], place: int) -> bool:
    """-----Original Message-----, in whatever words: what follows is a label."""
    return bool(_BETWEEN_RULES.fullmatch(lines[place].strip())) and any(
        _LABEL.fullmatch(line) for line in [line for line in lines[place + 1 : place + 5] if line][:1]
    )


def _is_header(lines: Sequence[str], place: int) -> bool:
    """From, Sent, To, Subject: three of them, in one of the languages; or a shape like it below a rule."""
    first = _LABEL.fullmatch(lines[place].strip())
    if first is None:
        return False
    found = [label for line in _block(lines, place) if (label := _LABEL.fullmatch(line))]
    kinds = {_KINDS.get(label[1].strip().lower()) for label in found} - {None}
    above = next((line for line in reversed(lines[max(place - 3, 0) : place]) if line), "").strip()
    values = [label[2] for label in found]
    says_when = any(_CLOCK.search(value) for value in values)
    says_who = any(_ADDRESS.search(value) for value in values)
    is_ruled = bool(_IS_RULE.fullmatch(above) or _BETWEEN_RULES.fullmatch(above))
    if first[1].strip().lower() in _KINDS and "from" in kinds and len(kinds) >= 3:
        return says_when or says_who or is_ruled  # From: Berlin, To: Hamburg, Date: … is a journey
    return len(found) >= 3 and is_ruled and says_when and says_who


def _block(lines: Sequence[str], place: int) -> Iterator[str]:
    for line in lines[place : place + _HEADER_LINES]:
        if not line.strip():
            return
        yield line.strip()


def _introduces_rest(lines: Sequence[str], place: int) -> bool:
    """The introduction of a quotation without marks: it must say when to the minute, and who or `wrote`."""
    first = lines[place]
    if first.startswith(">") or not (any(map(str.isdigit, first)) or _ADDRESS.search(first)):
        return False
    joined = ""
    for stop in range(place, min(place + _INTRODUCTION_LINES, len(lines))):
        if not lines[stop].strip():
            return False
        joined = f"{joined} {lines[stop].strip()}"
        if joined.endswith(_ENDS):
            says_when = _DATE.search(joined) and _CLOCK.search(joined)
            says_who = _ADDRESS.search(joined) or _WROTE.search(joined)
            return bool(says_when and says_who) and _has_text(lines, stop + 1)
    return False


def _has_text(lines: Sequence[str], start: int) -> bool:
    """The next line is not marked as quoted: else only the marked lines are."""
    following = next((line for line in lines[start:] if line.strip()), "")
    return bool(following) and not following.startswith(">")


def _quotations(lines: Sequence[str], end: int) -> Iterator[tuple[int, int]]:
    """Runs of lines with `>`, each with what introduces it."""
    place = 0
    while place < end:
        if not lines[place].startswith(">"):
            place += 1
            continue
        stop = place
        while stop < end and (lines[stop].startswith(">") or _goes_on(lines, stop, end)):
            stop += 1
        yield _introduced_at(lines, place), stop
        place = stop


def _goes_on(lines: Sequence[str], place: int, end: int) -> bool:
    """A blank line between two quoted ones."""
    return not lines[place].strip() and place + 1 < end and lines[place + 1].startswith(">")


def _introduced_at(lines: Sequence[str], quote: int) -> int:
    last = quote - 1
    while last >= 0 and quote - last <= 3 and not lines[last].strip():
        last -= 1
    if last < 0 or not lines[last].strip().endswith(_ENDS):
        return quote
    if _is_sentence(lines[last]):
        return quote
    joined, found = "", quote
    for start in range(last, max(last - _INTRODUCTION_LINES, -1), -1):
        line = lines[start].strip()
        if not line or line.startswith(">") or not _continues(line, joined, is_found=found < quote):
            break
        joined = f"{line} {joined}"
        if _WHEN.search(joined):
            found = start
    only = lines[last]
    says_who = _ADDRESS.search(only) or _WROTE.search(only) or _quotes_header(lines, quote)
    return last if found == quote and says_who else found


def _is_sentence(line: str) -> bool:
    """A date, and then the end of one sentence and another: somebody tells of a day and goes on to something else."""
    dated = max((found.end() for found in _WHEN.finditer(line)), default=0)
    rest = line[dated:]
    return bool(_SENTENCE_END.search(rest)) and not (_ADDRESS.search(rest) or _WROTE.search(rest))


def _quotes_header(lines: Sequence[str], quote: int) -> bool:
    """A mail that is passed on, marked as quoted, begins with its From, Date and Subject."""
    inside = [line.lstrip("> ") for line in lines[quote : quote + _HEADER_LINES]]
    first = next((place for place, line in enumerate(inside) if line), 0)
    return _is_header(inside, first)


def _continues(line: str, below: str, *, is_found: bool) -> bool:
    """Whether a line belongs to what stands below it: until there is a date it does, then only what lacks."""
    if not is_found:
        return True
    if _DATE.search(below) and not _STARTS_INSIDE.match(below):
        return bool(_ADDRESS.search(line)) and not _ADDRESS.search(below)
    return any(map(str.isdigit, line)) or bool(_ADDRESS.search(line))
