"""Presets over HTTP: what they take, and what they make of it."""

from __future__ import annotations

from typing import Any

from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Struct

from antiphon.kernel.http import get, post
from antiphon.kernel.paths import segment_after
from antiphon.kernel.runtime import Runtime
from antiphon.segments import presets
from antiphon.segments.http_making import Anything
from antiphon.segments.language.text import to_text


class Values(Struct, forbid_unknown_fields=True):
    """What is not given has its default."""

    parameters: dict[str, presets.Value] = {}


class OpenStage(Struct):
    name: str
    rule: dict[str, Any]  # Any: a rule
    text: str


class Opened(Struct):
    """`rule` and `text`, or the `stages` of a ladder."""

    rule: dict[str, Any] | None  # Any: a rule
    text: str | None
    stages: list[OpenStage] | None


class Presets(Struct):
    presets: list[presets.Preset]


@get("/segments/presets", permission="segments.read")
async def list_presets(runtime: NamedDependency[Runtime]) -> Presets:
    """Rules and ladders that are often wanted, with the values they take."""
    return Presets(presets.presets())


@post("/segments/presets/{name:str}", permission="segments.read", status_code=200)
async def open_one(
    runtime: NamedDependency[Runtime], request: Anything, name: FromPath[str], data: JSONBody[Values]
) -> Opened:
    """The preset as an ordinary rule, or stages. Keeps nothing."""
    made = presets.open_preset(segment_after(request, "presets"), data.parameters)
    if made.rule is not None:
        return Opened(made.rule, to_text(made.rule), None)
    return Opened(None, None, [OpenStage(stage, rule, to_text(rule)) for stage, rule in made.stages])


routes = [list_presets, open_one]
