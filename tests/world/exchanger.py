"""A mail exchanger by others (aiosmtpd) that keeps what it is brought, and says no when it is told to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.message import Message
from email.policy import default
from typing import Any

from aiosmtpd.smtp import SMTP


class Exchanger:
    def __init__(self) -> None:
        self.mails: list[tuple[str, list[str], Message]] = []
        self.says = "250 2.0.0 Taken"
        self.refused = 0
        self.raw = ""
        """The newest, as it came."""

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        if self.says.startswith("250"):
            found = message_from_bytes(envelope.original_content, policy=default)
            self.raw = envelope.original_content.decode()
            self.mails.append((envelope.mail_from, envelope.rcpt_tos, found))
        else:
            self.refused += 1
        return self.says


@asynccontextmanager
async def exchanging() -> AsyncIterator[tuple[Exchanger, int]]:
    exchanger, loop = Exchanger(), asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(exchanger, loop=loop), "127.0.0.1", 0)
    try:
        yield exchanger, server.sockets[0].getsockname()[1]
    finally:
        server.close()
