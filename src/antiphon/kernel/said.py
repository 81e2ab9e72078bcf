"""Sentences that the server says: English where they are made and kept, another language where they are read.

    raise NotFound("There is no segment {name}.", name=name)     # errors take the values themselves
    Wait(until, "capped", worded("at most {n} in {span}", n=3, span=worded("{n} days", n=7)))

The English form is the key; `kernel/i18n/said/<locale>/<part>.json` have the others. What is kept is the form with
its values (`kept`, `again`), so a record speaks every language. The edge of the web process says it in the asker's
(`spoken`); where a form has no words there, and everywhere else, it is English. tests/law holds code to words.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from importlib import resources
from typing import Any

import msgspec

from antiphon.kernel import i18n

_language: ContextVar[str] = ContextVar("language", default=i18n.DEFAULT)


class Said(str):
    """English as text, with what is needed to say it otherwise."""

    __slots__ = ("form", "values")
    form: str
    values: dict[str, Any]  # Any: what `str.format` takes; a sentence may stand in a sentence


def worded(form: str, /, **values: object) -> Said:
    """`form` as `str.format` takes it; without values it stands as it is. What is one already stays so."""
    if isinstance(form, Said):
        return form
    made = Said(form.format(**values) if values else form)
    made.form, made.values = form, values
    return made


def spoken(text: str, locale: str = "") -> str:
    """In the language, or in that of whoever asks; what we have no words for as it is. Never a `Said`."""
    locale = locale or _language.get()
    form, values = (text.form, text.values) if isinstance(text, Said) else (text, {})
    if locale == i18n.DEFAULT or (found := sentences(locale).get(form)) is None:
        return str(text)
    if not values:
        return found
    return found.format(
        **{name: spoken(value, locale) if isinstance(value, Said) else value for name, value in values.items()}
    )


@contextmanager
def speaking(locale: str) -> Iterator[None]:
    """What is answered in here is said in this language."""
    token = _language.set(locale)
    try:
        yield
    finally:
        _language.reset(token)


def kept(text: str) -> Any:
    """As JSON: the form with its values, or just the text. Values are texts and numbers."""
    return _kept(text) if isinstance(text, Said) and text.values else str(text)


def _kept(text: Said) -> list[Any]:  # Any: JSON
    values = {name: _kept(value) if isinstance(value, Said) else value for name, value in text.values.items()}
    return [text.form, values] if values else [text.form]


def again(value: Any) -> Said:  # Any: JSON as `kept` made it
    """What was kept; a text that is all of one form may be spoken too."""
    if not isinstance(value, list):
        return worded(str(value))
    form, values = value if len(value) > 1 else (*value, {})
    return worded(form, **{name: again(inner) if isinstance(inner, list) else inner for name, inner in values.items()})


def plain(value: object) -> str:
    """Of `msgspec`, which encodes no kind of `str` but `str`: `encode(document, enc_hook=plain)`."""
    if isinstance(value, Said):
        return str(value)
    raise NotImplementedError(f"{type(value).__name__} is not JSON")


@cache
def sentences(locale: str) -> dict[str, str]:
    """By their English form, of all files. Raises ValueError for a form that stands in two."""
    found: dict[str, str] = {}
    for file in resources.files(i18n).joinpath("said", locale).iterdir():
        more = msgspec.json.decode(file.read_bytes(), type=dict[str, str])
        if twice := found.keys() & more.keys():
            raise ValueError(f"{locale}/{file.name} has again: {', '.join(sorted(twice))}")
        found |= more
    return found
