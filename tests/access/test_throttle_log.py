"""Whoever is made to wait is in the log, and nobody's name is."""

from __future__ import annotations

import pytest
import structlog

from antiphon.access import throttle
from antiphon.kernel.db import Database
from antiphon.kernel.errors import TooOften


async def test_who_is_made_to_wait_is_in_the_log_without_a_name(database: Database) -> None:
    for _ in range(throttle.FREE):
        await throttle.take_guess(database, about="account ada@example.org", address="192.0.2.7")
    with structlog.testing.capture_logs() as logs, pytest.raises(TooOften):
        await throttle.take_guess(database, about="account ada@example.org", address="192.0.2.7")
    (line,) = [one for one in logs if one["event"] == "sign_in.throttled"]
    assert set(line) == {"event", "log_level", "until"}
