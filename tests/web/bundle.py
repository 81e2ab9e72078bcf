"""What a browser loads for a page of the app, by Vite's manifest of the built app."""

from __future__ import annotations

import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
BUILT = ROOT / "src/antiphon/app/browser/built"
MANIFEST = BUILT / ".vite/manifest.json"
SHELL = "index.html"


@cache
def chunks() -> dict[str, dict[str, Any]]:
    return dict(json.loads(MANIFEST.read_text()))


def screens() -> list[str]:
    return sorted(name for name, chunk in chunks().items() if "/routes/" in name and chunk.get("isDynamicEntry"))


def weight(*entries: str) -> dict[str, int]:
    """Bytes, compressed, of every script and stylesheet that these load before they show anything."""
    names: set[str] = set()
    waiting = list(entries)
    while waiting:
        name = waiting.pop()
        if name not in names:
            names.add(name)
            waiting += chunks()[name].get("imports", [])
    files = {file for name in names for file in (chunks()[name]["file"], *chunks()[name].get("css", []))}
    return {file: len(gzip.compress((BUILT / file).read_bytes(), 9)) for file in sorted(files)}
