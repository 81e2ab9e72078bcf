"""The app stays light: what its shell and each of its screens weigh, compressed."""

from __future__ import annotations

import pytest

from web import bundle

SHELL_MAX = 165_000
SCREEN_MAX = 260_000

pytestmark = pytest.mark.skipif(not bundle.MANIFEST.exists(), reason="the app is not built: python web/build.py")


def test_the_shell_is_light() -> None:
    weight = bundle.weight(bundle.SHELL)
    assert sum(weight.values()) <= SHELL_MAX, weight


def test_every_screen_is_light() -> None:
    weights = {screen: sum(bundle.weight(bundle.SHELL, screen).values()) for screen in bundle.screens()}
    assert len(weights) >= 15
    assert {screen: weight for screen, weight in weights.items() if weight > SCREEN_MAX} == {}


def test_charts_are_loaded_by_screens_that_show_one() -> None:
    """The picture of a chart comes after the page that has it: no screen waits for it."""
    picture = bundle.chunks().get("src/ui/Plot.tsx", {"isDynamicEntry": True, "file": ""})
    assert picture["isDynamicEntry"]
    for screen in (bundle.SHELL, *bundle.screens()):
        assert picture["file"] not in bundle.weight(screen)
