"""Variables that a template names and nobody fills."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from antiphon.content import liquid
from antiphon.content.lint.records import Finding
from antiphon.kernel.said import worded

ROOTS = frozenset(
    {"profile", "account", "accounts", "now", "unsubscribe_url", "preferences_url", "brand_name", "postal_address"}
)
"""What every message knows; `POST /send` may give more."""


def judge(source: str, at: str, sample: Mapping[str, Any] | None) -> Iterator[Finding]:
    for path in liquid.compile(source, html=False).reads():
        name = ".".join(path)
        if re.search(rf"\b{re.escape(name)}\s*\|\s*default\b", source):
            continue
        if path[0] not in ROOTS and (sample is None or path[0] not in sample):
            form = "{name} is nothing that every message knows: whoever sends must give it, or it is empty."
            yield Finding("hint", at, "unknown_variable", worded(form, name=name))
        elif sample is not None and path[0] in sample and not _has(sample, path):
            form = "This person has no {name}: it comes out empty. Say {{{{ {name} | default: '…' }}}}."
            yield Finding("warning", at, "empty_variable", worded(form, name=name))


def _has(sample: Any, path: tuple[str, ...]) -> bool:
    for key in path:
        if isinstance(sample, list) or (key in ("size", "first", "last") and sample is not None):
            return bool(sample)
        if not isinstance(sample, Mapping) or sample.get(key) is None:
            return False
        sample = sample[key]
    return True
