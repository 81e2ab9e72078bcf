"""A compiled page of an e-mail: its Liquid, with a slot for each URL.

A slot's URL is rendered as text, checked, and handed to whoever places it: the sender puts a tracked link there, a
click reads where it leads. Slots of `<a>` and `<area>` are links; link n is the n-th in the page. In a loop the same
slot is filled again; `Walk` counts the turns.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TextIO

from liquid import RenderContext
from liquid.ast import BlockNode, Node
from liquid.builtin.tags.assign_tag import AssignNode
from liquid.builtin.tags.capture_tag import CaptureNode
from liquid.builtin.tags.decrement_tag import DecrementNode
from liquid.builtin.tags.increment_tag import IncrementNode
from liquid.exceptions import LiquidError
from liquid.parser import get_parser
from liquid.stream import TokenStream
from liquid.tag import Tag
from liquid.token import TOKEN_EOF, TOKEN_TAG, Token
from markupsafe import escape
from msgspec import Struct

from antiphon.content import liquid, urls
from antiphon.content.liquid import RenderError, TemplateError, Variable
from antiphon.content.sandbox import OUTPUT_MAX, Sandbox, buffer, walk
from antiphon.kernel.errors import Flaw
from antiphon.kernel.said import worded

SLOT, END_SLOT = "antiphonslot", "endantiphonslot"
_TURNS = object()
"""The key of the walk among the variables: no template can spell it."""

_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
_IN_CSS = str.maketrans({"'": "%27", "(": "%28", ")": "%29"})

Place = Callable[[int, int, str], str]
"""(link, turn, URL) → what stands there."""


class Slot(Struct, frozen=True):
    """`link` is its number in the page, -1 for what is no link: an image's address. `fixed`: the same for everybody.

    `source` is Liquid without entities. One that need not be there may come out empty.
    """

    source: str
    link: int = -1
    needed: bool = True
    fixed: str = ""
    css: bool = False


class Walk:
    """One rendering of a page, first its HTML, then its text: a slot's URL is worked out once for both.

    With `failed` a bad link is kept there and the rendering goes on.
    """

    def __init__(
        self,
        slots: Sequence[Slot],
        place: Place,
        *,
        field: str,
        failed: dict[tuple[int, int], RenderError] | None = None,
    ) -> None:
        self._slots = slots
        self._place = place
        self._field = field
        self._failed = failed
        self._html = True
        self._placed: dict[tuple[int, int], str] = {}
        self._turns: dict[int, int] = {}

    def begin(self, *, html: bool) -> None:
        self._html = html
        self._turns = {}

    def again(self, number: int) -> str | None:
        """What stands in this slot, if this turn of it came before."""
        turn = self._turns.get(number, 0)
        url = self._placed.get((number, turn))
        if url is not None:
            self._turns[number] = turn + 1
        return url

    def put(self, number: int, text: str) -> str:
        slot = self._slots[number]
        turn = self._turns.get(number, 0)
        self._turns[number] = turn + 1
        try:
            url = slot.fixed or urls.web_address(text, self._field, needed=slot.needed)
        except RenderError as error:
            if self._failed is None:
                raise
            self._failed[slot.link, turn] = error
            return ""
        if slot.link >= 0:
            url = self._placed[number, turn] = self._place(slot.link, turn, url)
        elif slot.css:
            url = url.translate(_IN_CSS)
        return escape(url) if self._html else url


class SlotNode(Node):
    __slots__ = ("block", "number")

    def __init__(self, token: Token, number: int, block: BlockNode) -> None:
        super().__init__(token)
        self.number = number
        self.block = block
        self.blank = False

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        within = context.get_buffer(buffer)
        escaping, context.autoescape = context.autoescape, False  # a URL is checked before it is escaped
        try:
            self.block.render(context, within)
        finally:
            context.autoescape = escaping
        walk: Walk = context.globals[_TURNS]  # type: ignore[index,assignment]  # a key that is no name
        return buffer.write(walk.put(self.number, within.getvalue()))


class SlotTag(Tag):
    name = SLOT
    end = END_SLOT
    node_class = SlotNode

    def parse(self, stream: TokenStream) -> SlotNode:
        token = stream.eat(TOKEN_TAG)
        number = int(stream.next().value)
        block = get_parser(self.env).parse_block(stream, (END_SLOT, TOKEN_EOF))
        stream.expect(TOKEN_TAG, value=END_SLOT)
        return SlotNode(token, number, block)


def _sandbox(*, autoescape: bool) -> Sandbox:
    sandbox = Sandbox(autoescape=autoescape)
    sandbox.add_tag(SlotTag)
    return sandbox


_HTML, _TEXT = _sandbox(autoescape=True), _sandbox(autoescape=False)


class Pattern:
    """Liquid with slots. What is text, a slot or a plain variable is filled in without the interpreter.

    A template that keeps something for later (`assign`, `capture`, counters) is left to the interpreter as a whole.
    """

    __slots__ = ("_bound", "_html", "_plan", "is_plain")

    def __init__(self, source: str, *, html: bool) -> None:
        if len(source) > OUTPUT_MAX:
            raise TemplateError(
                flaws=[Flaw("", worded("Compiled, this is longer than {most} kB.", most=OUTPUT_MAX // 1000))]
            )
        try:
            self._bound = (_HTML if html else _TEXT).from_string(source)
        except LiquidError as error:
            raise TemplateError(
                flaws=[Flaw("", worded("In the compiled page: {sentence}", sentence=liquid.sentence(error)))]
            ) from error
        self._html = html
        keeps = any(isinstance(part, _KEEPING) for part in walk(self._bound.nodes))
        self._plan = None if keeps else tuple(map(_part, self._bound.nodes))
        self.is_plain = self._plan is not None and not any(isinstance(part, Node) for part in self._plan)

    def render(self, variables: Mapping[str, Any], turns: Walk) -> str:
        """Without control characters but tab and newline."""
        turns.begin(html=self._html)
        known: dict[Any, Any] = {**variables, _TURNS: turns}
        if self._plan is None:
            return _clean(liquid.interpret(self._bound, known))
        filled: list[str] = []
        with liquid.telling():
            context = None if self.is_plain else self._bound.context_class(self._bound, globals=known)
            for part in self._plan:
                kind = type(part)
                if kind is str:
                    filled.append(part)  # type: ignore[arg-type]  # as the line above says, here and below
                elif kind is Variable:
                    filled.append(_clean(liquid.fill((part,), variables, html=self._html)))  # type: ignore[arg-type]
                elif kind is int or kind is tuple:
                    filled.append(self._slot(part, variables, turns))  # type: ignore[arg-type]
                else:
                    written = buffer()
                    part.render(context, written)  # type: ignore[union-attr, arg-type]
                    filled.append(_clean(written.getvalue()))
        return liquid.checked("".join(filled))

    def _slot(self, part: Slotted, variables: Mapping[str, Any], turns: Walk) -> str:
        number, within = (part, ()) if isinstance(part, int) else (part[0], part[1:])
        if not self._html and (placed := turns.again(number)) is not None:
            return placed
        return turns.put(number, liquid.fill(within, variables, html=False) if within else "")


Slotted = int | tuple[Any, ...]
"""A slot whose URL is the same for everybody; a slot and its parts."""

_KEEPING = (AssignNode, CaptureNode, IncrementNode, DecrementNode)


def _part(node: Any) -> str | Slotted | Variable | Node:
    if type(node) is SlotNode:
        within = liquid.plain_parts(node.block.nodes)
        if within is None:
            return node
        return (node.number, *within) if any(type(part) is Variable for part in within) else node.number
    plain = liquid.plain_part(node)
    found: Node = node
    return found if plain is None else plain


def _clean(text: str) -> str:
    if text.isprintable() or text.replace("\n", "").replace("\t", "").isprintable():
        return text
    return _CONTROLS.sub("", text)
