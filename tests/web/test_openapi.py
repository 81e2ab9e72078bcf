"""The app's types are those of the API as it is."""

from __future__ import annotations

from typing import Any

import msgspec

from antiphon.app.web import openapi
from web.bundle import ROOT


def test_the_document_that_types_are_made_from_is_fresh() -> None:
    kept = msgspec.json.decode((ROOT / "web/openapi.json").read_bytes())
    now: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(openapi()))
    for part in ("paths", "components"):
        stale = {name for name in {**kept[part], **now[part]} if kept[part].get(name) != now[part].get(name)}
        assert stale == set(), "run: antiphon openapi > web/openapi.json"
    assert kept == now
