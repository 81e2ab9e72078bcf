"""Whether a mail asks to stop: its first line or its subject says so, and a person's mail says nothing else of weight.

What starts again by SMS does not by mail: who writes in somebody's name can be a stranger, and a mail that stops too
much does less harm than one that starts again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from antiphon.channels import optout
from antiphon.channels.keywords import Keywords

_OF_ORDERS = frozenset(
    {
        "cancel",
        "end",
        "quit",
        "remove",
        "revoke",
        "cancelar",
        "cancella",
        "alto",
        "parar",
        "basta",
        "baja",
        "sair",
        "dur",
        "ret",
        "iptal",
        "huy",
        "td",
        "avsluta",
        "avslutt",
    }
)
"""Words that stop an SMS and, in a mail with more words, may mean an order."""


def read(
    subject: str, text: str, *, topics: Mapping[str, str] | None = None, extra: Keywords | None = None
) -> optout.Read | None:
    """Only opt-outs. A subject with `Re:` is ours, and no word of whoever answers."""
    said = text.strip()
    line, _, rest = said.partition("\n")
    found = _opt_out(line, topics, extra)
    if found is not None:
        return found if not rest.strip() or _is_plain(line) else None
    found = _opt_out(subject, topics, extra)
    return found if found is not None and (not said or _is_plain(subject)) else None


def _opt_out(words: str, topics: Mapping[str, str] | None, extra: Keywords | None) -> optout.Read | None:
    found = optout.read(words, topics=topics, extra=extra)
    return found if found is not None and found.kind is optout.Reading.OPT_OUT else None


def _is_plain(words: str) -> bool:
    return not _OF_ORDERS & set(re.split(r"\W+", optout.fold(words)))
