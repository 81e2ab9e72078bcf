"""Our mail exchanger is killed between the mail and its 250: whoever brought it comes again, and it counts once."""

from __future__ import annotations

import asyncio
import contextlib
import smtplib
import sys
from pathlib import Path

import pytest

from antiphon.kernel.db import Database
from channels.mail.test_reading import mail

PROGRAM = Path(__file__).with_name("mx_mortal.py")


async def bring(dsn: str, *, dies: str) -> bool:
    """Whether it was answered 250."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(PROGRAM), dsn, dies, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    port = int(await asyncio.wait_for(process.stdout.readline(), timeout=30))

    def send() -> bool:
        with smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
            return client.sendmail("jo@example.org", ["help@in.shop.example"], mail()) == {}

    try:
        with contextlib.suppress(smtplib.SMTPException, OSError):
            return await asyncio.to_thread(send)
        return False
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


@pytest.mark.parametrize(("dies", "kept"), [("before", 0), ("after", 1)])
async def test_nothing_is_lost_and_nothing_doubled(database: Database, dsn: str, dies: str, kept: int) -> None:
    assert not await bring(dsn, dies=dies)
    async with database.transaction() as tx:
        assert len(await tx.rows("SELECT FROM inbound")) == kept
    assert await bring(dsn, dies="never")
    async with database.transaction() as tx:
        assert len(await tx.rows("SELECT FROM inbound")) == 1
