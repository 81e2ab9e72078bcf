from __future__ import annotations

import pytest

from antiphon.kernel.db import Database
from segments.stage import Stage


@pytest.fixture
def stage(database: Database) -> Stage:
    return Stage(database)
