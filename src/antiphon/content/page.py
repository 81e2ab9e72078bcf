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
from liquid.exceptions import LiquidError
from liquid.parser import get_parser
from liquid.stream import TokenStream
from liquid.tag import Tag
from liquid.token import TOKEN_EOF, TOKEN_TAG, Token
from markupsafe import escape
from msgspec import Struct

from antiphon.content import liquid, urls
from antiphon.content.liquid import RenderError, TemplateError, Variable
from antiphon.content.sandbox import OUTPUT_MAX, Sandbox
from antiphon.kernel.errors import Flaw

SLOT, END_SLOT = "antiphonslot", "endantiphonslot"
_WALK = object()
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
    """One rendering of a page. With `failed` a bad link is kept there and the rendering goes on."""

    def __init__(
        self,
        slots: Sequence[Slot],
        place: Place,
        *,
        field: str,
        html: bool,
        failed: dict[tuple[int, int], RenderError] | None = None,
    ) -> None:
        self._slots = slots
        self._place = place
        self._field = field
        self._html = html
        self._failed = failed
        self._turns: dict[int, int] = {}

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
            url = self._place(slot.link, turn, url)
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
        walk: Walk = context.globals[_WALK]  # type: ignore[index,assignment]  # a key that is no name
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
    """Liquid with slots. One made only of plain variables is filled in without the interpreter."""

    __slots__ = ("_bound", "_html", "_plan")

    def __init__(self, source: str, *, html: bool) -> None:
        if len(source) > OUTPUT_MAX:
            raise TemplateError(flaws=[Flaw("", f"Compiled, this is longer than {OUTPUT_MAX // 1000} kB.")])
        try:
            self._bound = (_HTML if html else _TEXT).from_string(source)
        except LiquidError as error:
            raise TemplateError(flaws=[Flaw("", f"In the compiled page: {liquid.sentence(error)}")]) from error
        self._html = html
        self._plan = _plan(self._bound.nodes)

    @property
    def is_plain(self) -> bool:
        return self._plan is not None

    def render(self, variables: Mapping[str, Any], walk: Walk) -> str:
        """Without control characters but tab and newline."""
        if self._plan is None:
            text = liquid.interpret(self._bound, {**variables, _WALK: walk})
            return text if _is_clean(text) else _CONTROLS.sub("", text)
        filled: list[str] = []
        for part in self._plan:
            if isinstance(part, str):
                filled.append(part)
            elif isinstance(part, int):
                filled.append(walk.put(part, ""))
            elif isinstance(part[0], int):
                filled.append(walk.put(part[0], liquid.fill(part[1:], variables, html=False)))
            else:
                text = liquid.fill(part, variables, html=self._html)
                filled.append(text if text.isprintable() else _CONTROLS.sub("", text))
        return liquid.checked("".join(filled))


Part = str | int | tuple[Any, ...]
"""Text, a slot whose URL is the same for everybody, a slot and its parts, or one variable."""


def _plan(nodes: Sequence[Any]) -> tuple[Part, ...] | None:
    plan: list[Part] = []
    for node in nodes:
        if type(node) is SlotNode:
            within = liquid.plain_parts(node.block.nodes)
            if within is None:
                return None
            plan.append((node.number, *within) if any(type(p) is Variable for p in within) else node.number)
        else:
            part = liquid.plain_part(node)
            if part is None:
                return None
            plan.append(part if type(part) is str else (part,))
    return tuple(plan)


def _is_clean(text: str) -> bool:
    return text.replace("\n", "").replace("\t", "").isprintable()
