"""The log: what others have sent stays one value on one line."""

from __future__ import annotations

import pytest
import structlog

from antiphon.app.child import LOG_LEVEL, set_up_logging

HOSTILE = 'x\r\nlevel=error event=forged "\x1b[2J\x85\u2028 \x00y'


def test_nothing_that_others_send_begins_a_line_or_steers_a_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    before = structlog.get_config()
    try:
        set_up_logging()
        structlog.get_logger().info("sso.refused", why=HOSTILE)
    finally:
        structlog.configure(**before)
    said = capfd.readouterr().err
    assert said.count("\n") == 1
    assert said.removesuffix("\n").isprintable()
    assert said.startswith("timestamp=")
    assert 'why="x' in said
    assert "+00:00" in said or "Z level" in said, "in UTC, and says so"


@pytest.mark.parametrize(("level", "said"), [("", 2), ("info", 2), ("WARNING", 1), ("error", 0), ("loud", 2)])
def test_what_is_less_than_the_level_is_not_logged(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, level: str, said: int
) -> None:
    monkeypatch.setenv(LOG_LEVEL, level)
    before = structlog.get_config()
    try:
        set_up_logging()
        log = structlog.get_logger()
        log.debug("a")
        log.info("b")
        log.warning("c")
    finally:
        structlog.configure(**before)
    assert capfd.readouterr().err.count("\n") == said
