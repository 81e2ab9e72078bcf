"""How much of what is slow is done: `make test` does enough to find a fault, `make test-long` all of it."""

from __future__ import annotations

import os
from typing import TypeVar

LONG = os.environ.get("ANTIPHON_TEST_LONG") == "1"

Size = TypeVar("Size")


def sized(usual: Size, long: Size) -> Size:
    return long if LONG else usual
