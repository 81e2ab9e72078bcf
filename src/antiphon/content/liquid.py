"""Templates in Liquid: compiled once, rendered for each person, safe to take from anybody.

Values are plain JSON (dicts, lists, strings, numbers, booleans, null); no attribute of an object is ever read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

from liquid import BoundTemplate
from liquid.builtin.content import ContentNode
from liquid.builtin.expressions import FilteredExpression, Path, StringLiteral
from liquid.builtin.output import OutputNode
from liquid.exceptions import LiquidError
from liquid.stringify import to_liquid_string
from markupsafe import Markup, escape
from msgspec import Struct

from antiphon.content.filters import css
from antiphon.content.sandbox import OUTPUT_MAX, Sandbox
from antiphon.kernel.errors import Flaw, Invalid, Problem
from antiphon.kernel.said import worded

SOURCE_BYTES_MAX = 100_000
_TEXT = Sandbox(autoescape=False)
_HTML = Sandbox(autoescape=True)


class TemplateError(Invalid):
    """The template is not valid Liquid."""

    code = "template"


class RenderError(Problem):
    """The message could not be rendered for this person."""

    status = 422
    code = "render"

    def __init__(self, reason: str, *, field: str = "") -> None:
        super().__init__(flaws=[Flaw(field, reason)])
        self.reason = reason
        self.field = field


class Variable(Struct, frozen=True):
    """`{{ a.b }}`, perhaps with `| default: "x"` and `| css` after it: what the fast path can fill in itself."""

    path: tuple[str, ...]
    default: str | None = None
    css: bool = False


class Template:
    """Compiled Liquid. One made only of plain variables is filled in without the interpreter."""

    __slots__ = ("_bound", "_html", "_parts", "source")

    def __init__(self, source: str, *, html: bool) -> None:
        self.source = source
        self._html = html
        self._bound = (_HTML if html else _TEXT).from_string(source)
        self._parts = plain_parts(self._bound.nodes)

    @property
    def is_plain(self) -> bool:
        return self._parts is not None

    @property
    def is_constant(self) -> bool:
        """The same for everybody."""
        return self._parts is not None and all(isinstance(part, str) for part in self._parts)

    def render(self, variables: Mapping[str, Any]) -> str:
        """Raises `RenderError` when a limit is reached or a filter cannot take its value."""
        if self._parts is None:
            return self.interpret(variables)
        text = fill(self._parts, variables, html=self._html)
        return checked(text)

    def reads(self) -> list[tuple[str, ...]]:
        """The variables that it is given from outside, each with the names on the way: `profile`, `first_name`."""
        found = self._bound.analyze().globals.values()
        paths = (tuple(str(key) for key in each.segments if isinstance(key, str)) for many in found for each in many)
        return sorted(set(paths))

    def interpret(self, variables: Mapping[str, Any]) -> str:
        """The same by the Liquid interpreter, whatever the template holds."""
        return interpret(self._bound, variables)


def interpret(bound: BoundTemplate, variables: Mapping[Any, Any]) -> str:
    with telling():
        return bound.render(variables)


@contextmanager
def telling() -> Iterator[None]:
    """Whatever goes wrong within becomes a `RenderError`: one person's odd data must not stop the batch."""
    try:
        yield
    except RenderError:
        raise
    except LiquidError as error:
        raise RenderError(sentence(error)) from error
    except Exception as error:
        raise RenderError(worded("The template cannot take these values: {why}", why=error)) from error


@lru_cache(maxsize=1024)
def compile(source: str, *, html: bool) -> Template:
    """Raises `TemplateError` with line, column and, for a misspelt filter or tag, a suggestion."""
    if len(source.encode("utf-8", "surrogatepass")) > SOURCE_BYTES_MAX:
        raise TemplateError(
            flaws=[Flaw("", worded("A template is at most {most} kB long.", most=SOURCE_BYTES_MAX // 1000))]
        )
    try:
        return Template(source, html=html)
    except LiquidError as error:
        raise TemplateError(flaws=[Flaw("", sentence(error))]) from error


def plain_parts(nodes: Sequence[Any]) -> tuple[str | Variable, ...] | None:
    """Text and plain variables; None when there is anything else among the nodes."""
    parts = [plain_part(node) for node in nodes]
    return None if None in parts else tuple(part for part in parts if part is not None)


def plain_part(node: Any) -> str | Variable | None:
    if type(node) is ContentNode:
        return str(node.text)
    return _plain_variable(node.expression) if type(node) is OutputNode else None


def _plain_variable(expression: Any) -> Variable | None:
    if type(expression) is not FilteredExpression or type(expression.left) is not Path:
        return None
    path = tuple(key for key in expression.left.path if isinstance(key, str))
    if len(path) < len(expression.left.path) or {"size", "first", "last"} & set(path[1:]):
        return None
    filters = list(expression.filters or ())
    css = bool(filters) and filters[-1].name == "css" and not filters[-1].args
    if css:
        filters.pop()
    if not filters:
        return Variable(path, css=css)
    literal = _default_literal(filters)  # the author's own words: Liquid does not escape them either
    return None if literal is None else Variable(path, literal, css)


def _default_literal(filters: list[Any]) -> str | None:
    if len(filters) != 1 or filters[0].name != "default" or len(filters[0].args) != 1:
        return None
    value = filters[0].args[0].value
    named = getattr(filters[0].args[0], "name", None)
    return value.value if type(value) is StringLiteral and not named else None


def fill(parts: Sequence[str | Variable], variables: Mapping[str, Any], *, html: bool) -> str:
    """Raises `RenderError` when the values are too long altogether."""
    filled: list[str] = []
    room = OUTPUT_MAX
    for part in parts:
        if type(part) is str:
            filled.append(part)
            continue
        value: Any = variables  # Any: walks JSON of any shape
        try:
            for key in part.path:  # type: ignore[union-attr]
                value = value[key]
        except (KeyError, TypeError):
            value = None
        if part.default is not None and _is_blank(value):  # type: ignore[union-attr]
            value = Markup(part.default)  # type: ignore[union-attr]  # noqa: S704  # the author's own
        if part.css:  # type: ignore[union-attr]
            value = css(value)
        if isinstance(value, str):
            room -= len(value)
            if room < 0:
                raise RenderError("output stream limit reached")
            filled.append(escape(value) if html else value)
        elif value is not None:
            filled.append(to_liquid_string(value, html))
    return "".join(filled)


def _is_blank(value: Any) -> bool:
    return value is None or value is False or (isinstance(value, str | list | dict) and not value)


def checked(text: str) -> str:
    """Raises `RenderError` for text that is too long or cannot be written as UTF-8."""
    if text.isascii() and len(text) <= OUTPUT_MAX:
        return text
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        raise RenderError("A value holds half of a surrogate pair, which no text can carry.") from error
    if size > OUTPUT_MAX:
        raise RenderError("output stream limit reached")
    return text


def sentence(error: LiquidError) -> str:
    """What is wrong and where, in one line."""
    message = str(error.message or error.__cause__ or "not valid").strip()
    if message == "unexpected liquid parsing error":  # whatever the parser stumbled over
        message = "too deeply nested" if isinstance(error.__cause__, RecursionError) else "not valid Liquid"
    try:
        place = error.context()
    except ValueError:  # the library cannot place an error at the very end
        place = None
    where = f" (line {place[0]}, column {place[1] + 1})" if place else ""
    return f"{message}{where}{_suggestion(message)}"


def _suggestion(message: str) -> str:
    names = {"unknown filter '": list(_TEXT.filters), "unexpected tag '": list(_TEXT.tags)}
    for start, known in names.items():
        if message.startswith(start):
            near = get_close_matches(message[len(start) :].split("'", 1)[0], known, n=1)
            return f": did you mean '{near[0]}'?" if near else ""
    return ""
