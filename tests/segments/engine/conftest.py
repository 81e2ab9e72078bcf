from __future__ import annotations

import pytest

from antiphon.kernel.db import Database
from segments.engine.asking import Town


@pytest.fixture
def town(database: Database) -> Town:
    return Town(database)
