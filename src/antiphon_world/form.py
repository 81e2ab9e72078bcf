"""A form on a page as a browser would send it: fields with their values, whatever is ticked or chosen."""

from __future__ import annotations

from html.parser import HTMLParser

FIELDS_MAX = 500
Fields = list[tuple[str, str]]


class _Forms(HTMLParser):
    """All forms of a page. `boxes` are the tick boxes of each, ticked or not."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[tuple[Fields, Fields]] = []
        self._select: str | None = None
        self._options: Fields = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self.forms.append(([], []))
        elif self.forms and tag == "input":
            self._input(given)
        elif tag == "select":
            self._select, self._options = given.get("name"), []
        elif tag == "option" and self._select:
            self._options.append(("selected" if "selected" in given else "", given.get("value") or ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "select" and self._select and self._options and self.forms:
            chosen = next((value for is_on, value in self._options if is_on), self._options[0][1])
            self._add((self._select, chosen))
            self._select = None

    def _input(self, given: dict[str, str | None]) -> None:
        field = (given.get("name") or "", given.get("value") or "")
        kind = given.get("type") or "text"
        if kind == "checkbox":
            self.forms[-1][1].append(field)
        if field[0] and (kind not in ("checkbox", "radio") or "checked" in given):
            self._add(field)

    def _add(self, field: tuple[str, str]) -> None:
        if len(self.forms[-1][0]) < FIELDS_MAX:
            self.forms[-1][0].append(field)


def read_form(html: str, act: str) -> tuple[Fields, Fields] | None:
    """What would be sent of the form that has this `act`, and all its tick boxes; None without one."""
    reader = _Forms()
    reader.feed(html)
    return next((form for form in reader.forms if ("act", act) in form[0]), None)
