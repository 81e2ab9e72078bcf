"""The world's way to the platform's mail exchanger: SMTP (RFC 5321) over a few kept connections."""

from __future__ import annotations

import asyncio

from antiphon_world.returned import Post

CONNECTIONS_MAX = 4
MAILS_MAX = 100
"""In one connection: mail exchangers send away who stays too long."""
TIMEOUT_S = 20.0


class Refused(Exception):
    """The mail exchanger said no. `code` of 4 hundreds: come again."""

    def __init__(self, code: int) -> None:
        self.code = code
        super().__init__(str(code))


class Courier:
    def __init__(self, host: str, port: int) -> None:
        self._to = (host, port)
        self._room = asyncio.Semaphore(CONNECTIONS_MAX)
        self._kept: list[_Line] = []

    async def bring(self, post: Post) -> None:
        """Returns when it was taken (250). Raises Refused, OSError, TimeoutError."""
        async with self._room, asyncio.timeout(TIMEOUT_S):
            line = self._kept.pop() if self._kept else await _Line.open(*self._to)
            try:
                await line.mail(post)
            except Refused as refused:
                line.close()
                if line.mails and refused.code == 421:  # a kept connection whose time was over
                    line = await _Line.open(*self._to)
                    await line.mail(post)
                else:
                    raise
            except BaseException:
                line.close()
                raise
            if line.mails < MAILS_MAX:
                self._kept.append(line)
            else:
                line.close()

    def close(self) -> None:
        for line in self._kept:
            line.close()
        self._kept.clear()


class _Line:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self.mails = 0

    @classmethod
    async def open(cls, host: str, port: int) -> _Line:
        reader, writer = await asyncio.open_connection(host, port)
        line = cls(reader, writer)
        try:
            await line._expect(220)
            await line._say("EHLO mx.world.example", 250)
        except BaseException:
            line.close()
            raise
        return line

    async def mail(self, post: Post) -> None:
        await self._say(f"MAIL FROM:<{post.sender}>", 250)
        await self._say(f"RCPT TO:<{post.to}>", 250)
        await self._say("DATA", 354)
        stuffed = (b"\r\n" + post.data).replace(b"\r\n.", b"\r\n..")[2:]
        self._writer.write(stuffed + (b"" if stuffed.endswith(b"\r\n") else b"\r\n") + b".\r\n")
        await self._expect(250)
        self.mails += 1

    async def _say(self, command: str, wanted: int) -> None:
        self._writer.write(command.encode("utf-8", "replace") + b"\r\n")
        await self._expect(wanted)

    async def _expect(self, wanted: int) -> None:
        while True:
            line = await self._reader.readline()
            if len(line) < 4 or not line[:3].isdigit():
                raise ConnectionResetError("the mail exchanger closed the connection")
            if line[3:4] != b"-":
                break
        if int(line[:3]) != wanted:
            raise Refused(int(line[:3]))

    def close(self) -> None:
        self._writer.close()
