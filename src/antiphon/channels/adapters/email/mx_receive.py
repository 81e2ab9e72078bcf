"""How a mail's bytes are received: aiosmtpd's session, with bounds of our own on its content and on its life.

aiosmtpd 1.4 keeps a line that never ends in memory, and refuses lines beyond RFC 5321's 1000 octets, which mail
programs write all the same: a refused answer is a lost one.
"""

from __future__ import annotations

import asyncio
from typing import Any, cast

from aiosmtpd.smtp import SMTP

DRAINED_MAX = 2
"""So many times the size that is taken is read of a mail that is too large; then the line is cut."""
_END = b".\r\n"


class Reception(SMTP):
    """`session_s`: the longest a peer may stay, however it spends its time."""

    line_length_limit = 65_536  # the reader's, in memory: a longer line comes in pieces

    def __init__(self, handler: Any, *, size_max: int, session_s: float, **options: Any) -> None:
        super().__init__(handler, data_size_limit=size_max, **options)
        self._size_max, self._session_s = size_max, session_s
        self._end: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called again when TLS begins: the time goes on."""
        super().connection_made(transport)
        if self._end is None:
            self._end = self.loop.call_later(self._session_s, self._dismiss)

    def connection_lost(self, error: Exception | None) -> None:
        if self._end is not None:
            self._end.cancel()
        super().connection_lost(error)

    def _dismiss(self) -> None:
        if self.transport is not None:
            cast("asyncio.Transport", self.transport).abort()

    async def smtp_DATA(self, arg: str | None) -> None:
        """RFC 5321 4.1.1.4; what comes after too much of it is not kept."""
        if await self.check_helo_needed() or await self.check_auth_needed("DATA"):
            return
        assert self.envelope is not None
        if not self.envelope.rcpt_tos:
            await self.push("503 5.5.1 RCPT first")
        elif arg:
            await self.push("501 5.5.4 DATA has no argument")
        else:
            await self.push("354 End with <CR><LF>.<CR><LF>")
            await self._take()

    async def _take(self) -> None:
        assert self.envelope is not None
        content = await self._receive(self._size_max)
        if content is None:
            answer = f"552 5.3.4 At most {self._size_max} bytes are taken"
        else:
            self.envelope.content = self.envelope.original_content = content
            answer = await self._call_handler_hook("DATA")
        self._set_post_data_state()  # type: ignore[no-untyped-call]
        await self.push(answer)

    async def _receive(self, size_max: int) -> bytes | None:
        """The content without its stuffed dots; None for too much. Only CR LF . CR LF ends it."""
        pieces: list[bytes] = []
        size, begins = 0, True
        while True:
            try:
                piece = await self._reader.readuntil(b"\r\n")
            except asyncio.LimitOverrunError as error:
                piece = await self._reader.read(error.consumed)
            if begins and piece == _END:
                return b"".join(pieces) if size <= size_max else None
            size += len(piece)
            if size <= size_max:
                pieces.append(piece[1:] if begins and piece.startswith(b".") else piece)
            else:
                pieces.clear()
            if size > DRAINED_MAX * size_max:
                self._dismiss()
                raise asyncio.CancelledError  # as aiosmtpd does when the line is cut
            begins = piece.endswith(b"\r\n")
