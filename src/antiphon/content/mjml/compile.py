"""From MJML that was checked to HTML, by mrml, and what mrml leaves out: inlined styles and attributes by selector.

A document is compiled once in a process for all who get it: 0.1 to 5 ms, most of it reading what the author wrote.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

from css_inline import CSSInliner, InlineError
from mjml import mjml2html
from msgspec import Struct

from antiphon.content.mjml.marks import Marks
from antiphon.content.mjml.tree import Element, read
from antiphon.kernel.errors import Flaw, Invalid
from antiphon.kernel.said import worded

LANGUAGE, DIRECTION, SUBJECT = "{{ email_lang }}", "{{ email_dir }}", "{{ email_subject }}"
"""Put in where the author says nothing of them."""

_SPLIT = "antiphonsplit"
_IGNORED = ' data-css-inline="ignore"'
_FRAGMENT_HEAD = (
    "<mj-attributes><mj-all font-family=\"system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif\"/>"
    '<mj-text font-size="16px" line-height="24px" color="#1f2430"/><mj-button font-size="16px"/></mj-attributes>'
)


class Fault(Invalid):
    """The MJML cannot be compiled."""

    code = "mjml"


class Compiled(Struct, frozen=True):
    """HTML with the author's Liquid in it. `previews`: the author wrote an mj-preview."""

    html: str
    previews: bool = False


class _Writer:
    """The tree once more as MJML, with marks; what mrml cannot do is put aside."""

    def __init__(self, marks: Marks) -> None:
        self._marks = marks
        self.css: list[str] = []
        self.by_selector: list[tuple[str, str, str]] = []

    def write(self, element: Element) -> str:
        if not element.name:
            return f"<mj-raw>{self._marks.between(element.source)}</mj-raw>"
        if element.name == "mj-html-attributes":
            self._by_selector(element)
            return ""
        if element.name == "mj-style" and element.get("inline") == "inline":
            self.css.append(self._marks.text(element.source))
            return ""
        attributes = "".join(f' {each.name}="{self._value(each.value or "")}"' for each in element.attributes)
        return f"<{element.name}{attributes}>{self._inside(element)}</{element.name}>"

    def _inside(self, element: Element) -> str:
        if not element.source:
            return "".join(self.write(child) for child in element.children)
        if element.name in ("mj-style", "mj-title"):
            return self._marks.put(element.source.strip())
        return self._marks.put_whole(self._marks.html(element.source.strip()))

    def _value(self, value: str) -> str:
        return self._marks.text(value).replace('"', "&quot;").replace("<", "&lt;")

    def _by_selector(self, element: Element) -> None:
        for selector in element.children:
            for each in selector.children:
                name, value = each.get("name") or "", self._marks.text(each.source.strip())
                self.by_selector.append((selector.get("path") or "", name, value))


def compile(source: str) -> Compiled:
    """A whole document, checked before. Raises `Fault` for what the compiler alone refuses."""
    elements, _ = read(source)
    root = next(element for element in elements if element.name == "mjml")
    marks = Marks(source)
    writer = _Writer(marks)
    given = {each.name: each.value or "" for each in root.attributes}
    head = "".join(writer.write(each) for child in root.children if child.name == "mj-head" for each in child.children)
    body = "".join(writer.write(child) for child in root.children if child.name == "mj-body")
    names = {each.name for child in root.children if child.name == "mj-head" for each in child.children}
    if "mj-title" not in names:
        head += f"<mj-title>{marks.put(SUBJECT)}</mj-title>"
    language, direction = (marks.text(given.get(k) or d) for k, d in (("lang", LANGUAGE), ("dir", DIRECTION)))
    html = _mrml(f'<mjml lang="{language}" dir="{direction}"><mj-head>{head}</mj-head>{body}</mjml>')
    return Compiled(_finished(html, marks, writer), "mj-preview" in names)


def compile_fragments(sources: Sequence[str]) -> tuple[str, list[str]]:
    """What they need in the head, and the HTML of each, in one document so that their styles agree."""
    marks = Marks(_SPLIT, *sources)
    writer = _Writer(marks)
    split = f"<mj-raw>{_SPLIT}</mj-raw>"
    body = split + "".join("".join(writer.write(element) for element in read(source)[0]) + split for source in sources)
    html = _finished(_mrml(f"<mjml><mj-head>{_FRAGMENT_HEAD}</mj-head><mj-body>{body}</mj-body></mjml>"), marks, writer)
    head = html[html.index("<style") : html.index("</head>")]
    return head, html.split(_SPLIT)[1:-1]


def _mrml(document: str) -> str:
    try:
        return str(mjml2html(document))
    except Exception as error:  # it names no type of its own
        raise Fault(flaws=[Flaw("", worded("The compiler does not take this MJML: {why}.", why=error))]) from error


def _finished(html: str, marks: Marks, writer: _Writer) -> str:
    html = marks.expand(html)
    if writer.css or writer.by_selector:
        html = _inlined(html, writer)
    return marks.restore(html)


def _inlined(html: str, writer: _Writer) -> str:
    """Styles inlined, as by npm MJML; attributes by selector come by the same engine: a rule marks what it fits."""
    rules = [f"{path}{{--mjml-attribute-{n}:1}}" for n, (path, _, _) in enumerate(writer.by_selector)]
    inliner = CSSInliner(
        keep_style_tags=True,
        keep_link_tags=True,
        keep_at_rules=True,
        load_remote_stylesheets=False,
        extra_css="\n".join([*writer.css, *rules]),
    )
    held = re.sub(r"<(style|link)\b", rf"<\1{_IGNORED}", html)
    try:
        html = inliner.inline(held).replace(_IGNORED, "")
    except InlineError as error:
        raise Fault(flaws=[Flaw("", worded("The inlined CSS cannot be read: {why}.", why=error))]) from error
    for n, (_, name, value) in enumerate(writer.by_selector):
        html = _with_attribute(html, n, name, value)
    return html


def _with_attribute(html: str, number: int, name: str, value: str) -> str:
    marked = re.compile(rf'(\sstyle="[^"]*?)\s*--mjml-attribute-{number}:\s*1;?([^"]*")')
    written = f' {name}="{escape(value)}"'
    return marked.sub(lambda found: f"{written}{found[1]}{found[2]}", html)
