"""Segments as HTTP and the command line show them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import Struct

from antiphon.segments.language.text import to_text
from antiphon.segments.records import Build, Segment, Version


class SegmentView(Struct, kw_only=True):
    """`rule` is the live one, else the one that is to be; `text` is the same in words.

    `draft` is the number of the version that is being written. `build` says how far a new version is; while it is set
    and the state is live, the old version serves. `stage_of` is the ladder that it is a stage of.
    """

    id: str
    name: str
    kind: str
    state: str
    version: int
    rule: dict[str, Any] | None  # Any: a rule document
    text: str | None
    draft: int | None
    stage_of: str | None
    build: Build | None
    created_at: datetime


class VersionView(Struct):
    version: int
    state: str
    rule: dict[str, Any]  # Any: a rule document
    text: str
    by: str
    created_at: datetime
    changed_at: datetime
    published_at: datetime | None


def segment_view(segment: Segment) -> SegmentView:
    return SegmentView(**fields_of(segment))


def fields_of(segment: Segment) -> dict[str, Any]:  # Any: the fields of the view
    return {
        "id": str(segment.id),
        "name": segment.name,
        "kind": segment.kind,
        "state": segment.state,
        "version": segment.version,
        "rule": segment.rule,
        "text": to_text(segment.rule) if segment.rule is not None else None,
        "draft": segment.draft,
        "stage_of": segment.stage_of,
        "build": segment.build,
        "created_at": segment.created_at,
    }


def version_view(found: Version) -> VersionView:
    return VersionView(
        found.version,
        found.state,
        found.rule,
        to_text(found.rule),
        found.by,
        found.created_at,
        found.changed_at,
        found.published_at,
    )
