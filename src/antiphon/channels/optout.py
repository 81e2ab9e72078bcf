"""Which replies mean "stop", "start" or "help": the keywords of every language, as data.

A message is read as a whole: it must be a keyword or a short request and nothing else, so that a message that
only holds such a word ("I can't stop smiling") is never taken for one. Sources: 47 CFR 64.1200(a)(10), the
defaults that Twilio, AWS, Braze, Telnyx and OneSignal document, CTIA; other languages from general knowledge.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from enum import StrEnum

from msgspec import Struct

CHARS_MAX = 80
"""Longer messages say more than "stop": a person should read them."""


class Reading(StrEnum):
    OPT_OUT = "opt_out"
    OPT_IN = "opt_in"
    HELP = "help"


class Keywords(Struct, frozen=True):
    opt_out: tuple[str, ...]
    opt_in: tuple[str, ...] = ()
    help: tuple[str, ...] = ()


LANGUAGES: dict[str, Keywords] = {
    "en": Keywords(
        opt_out=(
            "STOP", "STOPALL", "STOP ALL", "UNSUBSCRIBE", "UNSUB", "END", "QUIT", "REVOKE", "OPTOUT", "OPT OUT",
            "CANCEL", "REMOVE",
        ),
        opt_in=("START", "YES", "UNSTOP", "SUBSCRIBE"),
        help=("HELP", "INFO"),
    ),
    "fr": Keywords(opt_out=("STOP", "ARRET", "ARRÊTEZ", "DÉSABONNER", "DÉSABONNEMENT"), help=("AIDE", "INFO")),
    "de": Keywords(opt_out=("STOPP", "ABMELDEN", "STOP"), help=("HILFE",)),
    "es": Keywords(opt_out=("BAJA", "PARAR", "CANCELAR", "ALTO"), help=("AYUDA",)),
    "pt": Keywords(opt_out=("SAIR", "PARAR", "CANCELAR"), help=("AJUDA",)),
    "it": Keywords(opt_out=("STOP", "CANCELLA", "BASTA"), help=("AIUTO",)),
    "nl": Keywords(opt_out=("STOP", "AFMELDEN")),
    "pl": Keywords(opt_out=("STOP", "REZYGNUJE", "REZYGNUJĘ", "WYPISZ"), help=("POMOC",)),
    "sv": Keywords(opt_out=("STOPP", "AVSLUTA")),
    "da": Keywords(opt_out=("STOP", "AFMELD")),
    "no": Keywords(opt_out=("STOPP", "AVSLUTT")),
    "ru": Keywords(opt_out=("СТОП", "ОТПИСАТЬСЯ"), help=("ПОМОЩЬ",)),
    "uk": Keywords(opt_out=("СТОП",)),
    "tr": Keywords(opt_out=("DUR", "İPTAL", "IPTAL", "RET")),
    "ar": Keywords(opt_out=("إيقاف", "توقف")),
    "he": Keywords(opt_out=("הסר",)),
    "hi": Keywords(opt_out=("बंद",)),
    "ja": Keywords(opt_out=("停止", "配信停止")),
    "zh": Keywords(opt_out=("退订", "TD")),
    "id": Keywords(opt_out=("BERHENTI",)),
    "vi": Keywords(opt_out=("HỦY", "HUY")),
}  # fmt: skip

COURTESIES = (
    "please", "pls", "plz", "plse", "kindly", "now", "immediately", "thanks", "thank you", "thx", "s il vous plait",
    "svp", "stp", "merci", "bitte", "danke", "por favor", "gracias", "obrigado", "obrigada", "per favore", "grazie",
)  # fmt: skip

# What English speakers write instead of the keyword. Closed lists on purpose: "stop poking me" is no opt-out.
_ME = r"(?: (?:me|us|this number|my number|my phone))?"
_THINGS = (
    r"(?:text|texts|txts|sms|smses|message|messages|msg|msgs|notification|notifications|alerts|ads|advert|adverts|"
    r"advertising|marketing|promo|promos|promotions|offers|coupons|newsletter|newsletters|spam|spamming|emails|calls)"
)
_DOING = r"(?:sending|texting|txting|messaging|msging|contacting|emailing|calling|spamming|bothering|harassing)"
_MORE = rf"(?: (?:any more|anymore|again|all|all your|the|these|those|your|such|this|that|any|{_THINGS}))*"
PHRASES = (
    rf"(?:stop|quit|cease) {_DOING}{_ME}{_MORE}",
    rf"(?:stop|cancel|end)(?: (?:all|this|the|these|those|your|my|of)){{0,3}}(?: {_THINGS}){{1,2}}",
    r"stop (?:it|this)", r"(?:stop|cancel|end) (?:my |the )?subscription",
    rf"(?:do not|dont|never) (?:text|txt|message|msg|contact|email|call|spam|send|bother){_ME}{_MORE}",
    rf"no more(?: {_THINGS}){{1,2}}",
    r"(?:unsubscribe|unsub|remove|delete) (?:me|my number|this number)(?: (?:from|of) (?:your|the|this|all) lists?)?",
    r"take me off(?: (?:of )?(?:your|the|this) (?:\w+ )?list)?",
    r"(?:i want to |i would like to |id like to |i wish to )(?:stop|unsubscribe|cancel|opt out|be removed)",
    r"opt(?: me)? out", r"opting out", r"leave me alone",
)  # fmt: skip
_PHRASE = re.compile("|".join(f"(?:{phrase})" for phrase in PHRASES))
_APOSTROPHES = re.compile("['’‘ʼ`´]")


def reading(text: str, *, languages: Collection[str] | None = None) -> Reading | None:
    """What the whole message asks for, or None. `languages` (of `LANGUAGES`) narrows; English always counts."""
    if len(text) > CHARS_MAX:
        return None
    words = _normal(text)
    if not words:
        return None
    known = _TABLE if languages is None else _table({"en", *languages})
    for candidate in (words, _without_courtesies(words), _without_repeats(words)):
        found = known.get(candidate)
        if found:
            return found
    return Reading.OPT_OUT if _PHRASE.fullmatch(_without_courtesies(words)) else None


def _normal(text: str) -> str:
    """Lower-case words between single spaces: compatibility forms unified, accents, punctuation and emoji gone."""
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    words = _APOSTROPHES.sub("", decomposed)
    kept = "".join(_kept(char) for char in words).split()
    if len(kept) > 1 and all(len(word) == 1 for word in kept):
        return "".join(kept)  # s.t.o.p
    return " ".join(kept)


def _kept(char: str) -> str:
    category = unicodedata.category(char)
    if category[0] in "LN" or category == "Mc":
        return char
    return "" if category in ("Mn", "Me", "Cf") else " "


def _without_courtesies(words: str) -> str:
    return " ".join(_COURTESY.sub(" ", words).split())


def _without_repeats(words: str) -> str:
    kinds = set(words.split())
    return kinds.pop() if len(kinds) == 1 else words


def _table(languages: Collection[str]) -> dict[str, Reading]:
    """Opt-out wins where one word means two things in two languages."""
    table: dict[str, Reading] = {}
    chosen = [LANGUAGES[language] for language in languages if language in LANGUAGES]
    for keywords in chosen:
        table |= {_normal(word): Reading.HELP for word in keywords.help}
    for keywords in chosen:
        table |= {_normal(word): Reading.OPT_IN for word in keywords.opt_in}
    for keywords in chosen:
        table |= {_normal(word): Reading.OPT_OUT for word in keywords.opt_out}
    return table


_COURTESY = re.compile(rf"^(?:(?:{'|'.join(COURTESIES)}) )+|(?: (?:{'|'.join(COURTESIES)}))+$")
_TABLE = _table(LANGUAGES)
