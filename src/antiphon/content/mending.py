"""What can be shown of a form that cannot be rendered as it stands."""

from __future__ import annotations

from typing import Any

from msgspec import structs

from antiphon.content import liquid
from antiphon.content.links import pages_of
from antiphon.content.message import Block, Divider, Email, Form, Mjml, Sms
from antiphon.content.preview import EXAMPLE_URL
from antiphon.kernel.errors import Problem


def without(form: Form, field: str) -> Form | None:
    """Without what could not be rendered: its block, or its one text; None where nothing would be left."""
    parts = field.split(".")
    if len(parts) < 2:
        return None
    if isinstance(form, Email) and parts[1].startswith("blocks["):
        n = int(parts[1][len("blocks[") : -1])
        blocks = list(form.blocks)
        blocks[n] = _without(blocks[n], parts[-1])
        return structs.replace(form, blocks=tuple(blocks))
    if isinstance(form, Sms) or parts[-1] in ("mjml", "title"):
        return None
    return structs.replace(form, **{parts[-1]: ""})


def _without(block: Block, name: str) -> Block:
    if name in ("url", "src") and getattr(block, name) != EXAMPLE_URL:
        return structs.replace(block, **{name: EXAMPLE_URL})
    return Divider()


def literal(form: Form, variables: dict[str, Any]) -> Form | None:
    """Liquid that is not valid is shown as it was typed; MJML that is not valid is left out. None: nothing is left."""
    if not isinstance(form, Email):
        return None
    blocks = tuple(_literal_block(block, variables) for block in form.blocks)
    heads = {name: _as_typed(getattr(form, name), variables) for name in ("subject", "preheader", "text")}
    return None if form.mjml else structs.replace(form, blocks=blocks, **heads)


def _literal_block(block: Block, variables: dict[str, Any]) -> Block:
    if isinstance(block, Mjml):
        try:
            pages_of(Email("", (block,)))
        except Problem:
            return Divider()
        return block
    typed = {name: getattr(block, name) for name in block.__struct_fields__}
    shown = {
        name: value if _is_liquid(value) else EXAMPLE_URL if name in ("url", "src") else _as_typed(value, variables)
        for name, value in typed.items()
    }
    changed: Block = structs.replace(block, **shown)
    return changed


def _as_typed(text: str, variables: dict[str, Any]) -> str:
    """A template that comes out as this text."""
    if _is_liquid(text):
        return text
    name = f"as_typed_{len(variables)}"
    variables[name] = text
    return f"{{{{ {name} }}}}"


def _is_liquid(text: str) -> bool:
    try:
        liquid.compile(text, html=False)
    except Problem:
        return False
    return True
