"""The Liquid environment that runs templates nobody has to trust.

python-liquid's own four limits count neither what one filter builds, nor a range that a filter walks, nor loops that
follow each other, nor the time a regular expression takes over unclosed markup. This file adds those four.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from io import StringIO
from time import thread_time
from typing import Any, ClassVar, TextIO

from liquid import DictLoader, Environment, RenderContext
from liquid.builtin.expressions.filtered import Filter
from liquid.builtin.expressions.primitive import RangeLiteral
from liquid.builtin.tags.cycle_tag import CycleNode, CycleTag
from liquid.exceptions import (
    FilterError,
    LiquidError,
    LiquidSyntaxError,
    LiquidValueError,
    LoopIterationLimitError,
    ResourceLimitError,
)
from liquid.output import LimitedStringIO
from liquid.template import BoundTemplate
from liquid.token import TOKEN_EOF, Token
from liquid.utils import ReadOnlyChainMap

from antiphon.content.filters import css, date

LOOPS_MAX = 10_000
NAMESPACE_MAX = 100_000
OUTPUT_MAX = 200_000
DEPTH_MAX = 20
RANGE_MAX = 10_000
STRING_MAX = 200_000
ITEMS_MAX = 10_000
STRUCTURE_MAX = 1_000_000
INTEGER_BITS_MAX = 4_096
WORK_MAX = 2_000_000
CPU_S_MAX = 1.0
UNCLOSED_MAX = 100

_CONSTANT_COST = frozenset({"size", "first", "last", "default"})


class Meter:
    """What one rendering has used: loop turns, filter work (about one unit a character or item) and CPU time."""

    __slots__ = ("deadline_s", "turns", "work")

    def __init__(self) -> None:
        self.turns = LOOPS_MAX
        self.work = WORK_MAX
        self.deadline_s = thread_time() + CPU_S_MAX

    def charge(self, units: int) -> None:
        self.work -= units
        if self.work < 0:
            raise ResourceLimitError("the filters of this template do too much work", token=None)

    def turn(self) -> None:
        self.turns -= 1
        if self.turns < 0:
            raise LoopIterationLimitError(f"more than {LOOPS_MAX} loop turns", token=None)
        if thread_time() > self.deadline_s:
            raise ResourceLimitError(f"rendering took more than {CPU_S_MAX:g} s", token=None)


class Context(RenderContext):
    """A render context with a meter and without the server's clock (`now` is a variable: product time)."""

    __slots__ = ("meter",)

    def __init__(self, template: BoundTemplate, **kwargs: Any) -> None:  # Any: passed through unread
        super().__init__(template, **kwargs)
        self.scope = ReadOnlyChainMap(self.locals, self.globals, self.counters)
        parent = self.parent_context
        self.meter: Meter = parent.meter if isinstance(parent, Context) else Meter()

    @contextmanager
    def loop(self, namespace: Mapping[str, object], forloop: Any) -> Iterator[RenderContext]:
        forloop.it = self._metered(forloop.it)
        with super().loop(namespace, forloop) as context:
            yield context

    def get_buffer(self, buf: TextIO | None = None) -> StringIO:
        return buffer(buf.size if isinstance(buf, LimitedStringIO) else 0)

    def _metered(self, items: Iterator[object]) -> Iterator[object]:
        for item in items:
            self.meter.turn()
            yield item


def buffer(written: int = 0) -> LimitedStringIO:
    return LimitedStringIO(OUTPUT_MAX - written, newline="\n")  # the library's own turns CRLF into LF


class SandboxTemplate(BoundTemplate):
    context_class = Context

    def _get_buffer(self) -> StringIO:
        return buffer()

    def make_partial_namespace(self, partial: bool, render_args: Mapping[str, object]) -> Mapping[str, object]:
        return {**render_args, "partial": partial} if partial else dict(render_args)


class CappedRange(RangeLiteral):
    __slots__ = ()

    def _make_range(self, start: Any, stop: Any) -> range:
        made = super()._make_range(start, stop)
        if made.stop - made.start > RANGE_MAX:
            raise LiquidValueError(f"a range holds at most {RANGE_MAX} numbers", token=self.token)
        return made


class MeteredCycleNode(CycleNode):
    def render_to_output(self, context: RenderContext, buffer: Any) -> int:
        assert isinstance(context, Context)
        for arg in self.args:  # the tag joins all of them into its key
            context.meter.charge(size_of(arg.evaluate(context)))
        return super().render_to_output(context, buffer)


class MeteredCycleTag(CycleTag):
    node_class = MeteredCycleNode


class Sandbox(Environment):
    """Strict Liquid. Without `partials` there is no `include` and no `render`, so nothing can recurse."""

    loop_iteration_limit: ClassVar[int | None] = LOOPS_MAX
    local_namespace_limit: ClassVar[int | None] = NAMESPACE_MAX
    output_stream_limit: ClassVar[int | None] = OUTPUT_MAX
    context_depth_limit: ClassVar[int] = DEPTH_MAX
    block_nesting_limit: ClassVar[int] = DEPTH_MAX
    template_class = SandboxTemplate

    def __init__(self, *, autoescape: bool, partials: Mapping[str, str] | None = None) -> None:
        super().__init__(autoescape=autoescape, loader=DictLoader(dict(partials or {})))
        self.add_tag(MeteredCycleTag)
        for name in ("safe", "escapejs"):  # `safe` would let a customer's name carry markup into the page
            self.filters.pop(name, None)
        if partials is None:
            del self.tags["include"], self.tags["render"]
        self.filters["date"] = date
        self.filters["css"] = css
        self.filters = {name: _bounded(name, function) for name, function in self.filters.items()}

    def _parse(self, source: str) -> list[Any]:
        _refuse_unclosed(source)
        nodes = super()._parse(source)
        for part in walk(nodes):
            if type(part) is RangeLiteral:
                part.__class__ = CappedRange  # same layout: the parser names its own class
            elif isinstance(part, Filter):
                _check_call(self, part)
        return nodes


def size_of(value: object) -> int:
    """Characters and items in a value, at any depth; stops counting above `STRUCTURE_MAX`."""
    if isinstance(value, str):
        return len(value)
    if not isinstance(value, list | tuple | dict):
        return len(value) if isinstance(value, range) else 1
    total, stack = 0, [value]
    while stack and total <= STRUCTURE_MAX:
        items = stack.pop()
        for item in items.values() if isinstance(items, dict) else items:
            total += len(item) + 1 if isinstance(item, str) else 1
            if isinstance(item, list | tuple | dict):
                stack.append(item)
    return total


def _bounded(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    with_context = getattr(function, "with_context", False)
    with_environment = getattr(function, "with_environment", False)

    @wraps(function)
    def call(left: Any, *args: Any, context: Context, **kwargs: Any) -> Any:
        context.meter.charge(_cost(name, left, args))
        if with_environment:
            kwargs["environment"] = context.env
        if with_context:
            kwargs["context"] = context
        try:
            result = function(left, *args, **kwargs)
        except (LiquidError, TypeError):
            raise
        except (ArithmeticError, ValueError, LookupError, AttributeError, RecursionError) as error:
            raise FilterError(f"{name}: {error}", token=None) from error
        if name not in _CONSTANT_COST:
            context.meter.charge(_checked_size(name, result))
        return result

    call.with_context = True  # type: ignore[attr-defined]
    call.with_environment = False  # type: ignore[attr-defined]
    return call


def _cost(name: str, left: Any, args: tuple[Any, ...]) -> int:
    """Units of work before the call; refuses a call whose result would be too long to build."""
    if name in _CONSTANT_COST:
        return 20
    size = size_of(left)
    cost = 20 + size + sum(size_of(arg) for arg in args)
    if name == "replace" and len(args) == 2:
        text, old, new = str(left), str(args[0]), str(args[1])
        _refuse_long(name, len(text) + text.count(old) * max(len(new) - len(old), 0))
    elif name == "join" and args:
        _refuse_long(name, size + size * len(str(args[0])) if isinstance(left, list | tuple | range) else 0)
    elif name == "uniq" and isinstance(left, list | tuple | range):
        cost += len(left) * len(left) // 10
    elif name == "strip_html":
        cost += size * str(left).count("<") // 20  # the parser looks ahead to the end from each "<"
    return cost


def _refuse_long(name: str, length: int) -> None:
    if length > STRING_MAX:
        raise FilterError(f"{name}: the result would be longer than {STRING_MAX} characters", token=None)


def _checked_size(name: str, result: Any) -> int:
    if isinstance(result, str):
        _refuse_long(name, len(result))
    elif isinstance(result, int) and result.bit_length() > INTEGER_BITS_MAX:
        raise FilterError(f"{name}: the number is too large", token=None)
    elif isinstance(result, list | tuple) and len(result) > ITEMS_MAX:
        raise FilterError(f"{name}: the result has more than {ITEMS_MAX} items", token=None)
    size = size_of(result)
    if size > STRUCTURE_MAX:
        raise FilterError(f"{name}: the result is too large", token=None)
    return size


def walk(nodes: list[Any]) -> Iterator[Any]:
    """Every object that a parse tree holds, whatever the classes call their parts: so that none is missed."""
    seen, stack = set[int](), list(nodes)
    while stack:
        part = stack.pop()
        if id(part) in seen or isinstance(part, str | int | float | Token | Environment):
            continue
        seen.add(id(part))
        if isinstance(part, list | tuple):
            stack.extend(part)
        elif type(part).__module__.startswith(("liquid.", __name__)):
            yield part
            slots = (name for kind in type(part).__mro__ for name in getattr(kind, "__slots__", ()))
            stack.extend(getattr(part, name, None) for name in (*slots, *getattr(part, "__dict__", ())))


def _check_call(environment: Sandbox, call: Filter) -> None:
    """Refuse an unknown filter or a wrong number of arguments when the template is made, not when it is sent."""
    function = environment.filters.get(call.name)
    if function is None:
        raise LiquidSyntaxError(f"unknown filter '{call.name}'", token=call.token)
    named = {name: None for arg in call.args if (name := getattr(arg, "name", None))}
    if named.keys() & {"environment", "context"}:
        raise LiquidSyntaxError(f"{call.name}: there is no such argument", token=call.token)
    given = [None] * (len(call.args) - len(named))
    try:
        signature = inspect.signature(function)
        ours = {name: None for name in ("environment", "context") if name in signature.parameters}
        signature.bind(None, *given, **named, **ours)
    except TypeError as error:
        raise LiquidSyntaxError(f"{call.name}: {error}", token=call.token) from error


_OPENERS = (
    (re.compile(r"\{\{"), re.compile(r"\}\}"), "}}"),
    (re.compile(r"\{%"), re.compile(r"%\}"), "%}"),
    (re.compile(r"\{%-?\s*raw\b"), re.compile(r"endraw"), "{% endraw %}"),
    (re.compile(r"\{%-?\s*doc\b"), re.compile(r"enddoc"), "{% enddoc %}"),
)


def _refuse_unclosed(source: str) -> None:
    """The lexer looks for the end of each opening up to the end of the text: many unclosed ones take seconds."""
    for opening, closing, end in _OPENERS:
        last = max((match.end() for match in closing.finditer(source)), default=0)
        unclosed = [match.start() for match in opening.finditer(source, last)]
        if len(unclosed) > UNCLOSED_MAX:
            raise LiquidSyntaxError(f"expected '{end}'", token=Token(TOKEN_EOF, end, unclosed[0], source))
