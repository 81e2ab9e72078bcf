"""One SMTP connection: one write and one round trip for each letter where the server offers PIPELINING (RFC 2920).

After the first letter a write is `<content>.CRLF MAIL RCPT DATA`: the next envelope travels with the content before
it, so that the answers to both come together. Without PIPELINING each command waits for its answer.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Protocol, cast

from antiphon.channels.adapters.email.job import LATE, Job, State, Step
from antiphon.channels.adapters.email.letter import envelope
from antiphon.channels.adapters.email.reply import ConnectionLost, Extensions, Reply
from antiphon.kernel.records import Accepted, InDoubt, NotSent, Result

REPLY_BYTES_MAX = 65_536
PIPELINED_CONTENT_MAX = 131_072
"""No envelope travels behind a larger content: while bytes of it are in our buffer, its dot has not left."""

_COMMAND = {Step.RSET: b"RSET\r\n", Step.DATA: b"DATA\r\n"}


class Source(Protocol):
    """Where a connection gets its letters from: the pool."""

    def take(self, connection: Connection) -> Job | None: ...
    def give_back(self, job: Job, why: str) -> None: ...
    def answered(self) -> None: ...
    def idle(self, connection: Connection) -> None: ...
    def lost(self, connection: Connection) -> None: ...
    def is_past(self, deadline_wall: float) -> bool: ...


class Connection(asyncio.Protocol):
    """`refused` translates a no into a result. `answer_timeout_s` bounds the wait for each reply, `idle_s` the rest."""

    def __init__(
        self,
        source: Source,
        *,
        refused: Callable[[Reply, Step], Result],
        answer_timeout_s: float,
        idle_s: float,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._source = source
        self._refused = refused
        self._answer_timeout_s = answer_timeout_s
        self._idle_s = idle_s
        self.offered = Extensions()
        self.transport: asyncio.Transport
        self.closed: asyncio.Future[None] = self._loop.create_future()
        self.greeting: asyncio.Future[Reply] = self._loop.create_future()
        self._expected: deque[tuple[Step, Job | None]] = deque([(Step.COMMAND, None)])
        self._asked = self.greeting
        self._unsent: deque[tuple[Step, Job, bytes]] = deque()
        self._envelope: Job | None = None
        self._content: Job | None = None
        self._needs_reset = False
        self._flushed = True
        self._unwritten = 0
        self._buffer = b""
        self._lines: list[str] = []
        self._why = "The server closed the connection."
        self._last = self._loop.time()
        self._watchdog: asyncio.TimerHandle | None = None

    # -- asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.adopt(cast("asyncio.Transport", transport))  # uvloop's are none by inheritance
        self._watchdog = self._loop.call_later(self._answer_timeout_s, self._watch)

    def adopt(self, transport: asyncio.Transport) -> None:
        """Writes go here from now on; `_flushed` is False while a byte of them is in our own buffer."""
        self.transport = transport
        transport.set_write_buffer_limits(high=0)

    def pause_writing(self) -> None:
        self._flushed = False
        self._unwritten = self.transport.get_write_buffer_size()

    def resume_writing(self) -> None:
        self._flushed = True

    def data_received(self, data: bytes) -> None:
        self._last = self._loop.time()
        *lines, self._buffer = (self._buffer + data if self._buffer else data).split(b"\n")
        for line in lines:
            if not self._read(line):
                return
        if len(self._buffer) > REPLY_BYTES_MAX:
            self.fail("The server sent a reply without end.")

    def connection_lost(self, error: Exception | None) -> None:
        if self._watchdog:
            self._watchdog.cancel()
        self._expected.clear()
        if not self._asked.done():
            self._asked.set_exception(ConnectionLost(self._why))
            self._asked.exception()  # nobody may be waiting
        content, envelope_, self._content, self._envelope = self._content, self._envelope, None, None
        if content:
            content.settle(self._fate())
        if envelope_ and envelope_.refusal:  # what it said of the recipient stands
            self._settle(envelope_, self._refused(*envelope_.refusal))
        elif envelope_:
            self._source.give_back(envelope_, self._why)
        if not self.closed.done():
            self.closed.set_result(None)
        self._source.lost(self)

    # -- opening and closing

    @property
    def has_unread(self) -> bool:
        return bool(self._buffer or self._lines)

    async def command(self, line: str) -> Reply:
        """One command, one reply: for the time before the first letter. Raises `ConnectionLost`."""
        if self.closed.done():
            raise ConnectionLost(self._why)
        self._asked = self._loop.create_future()
        self._expected.append((Step.COMMAND, None))
        self._write(line.encode() + b"\r\n")
        return await self._asked

    def quit(self) -> None:
        """Says QUIT and closes. Only for a connection that waits for nothing."""
        self._why = "The connection was closed after it had been idle."
        self.transport.write(b"QUIT\r\n")
        self.transport.close()

    def fail(self, why: str) -> None:
        self._why = why
        self.transport.abort()

    # -- letters

    def pull(self) -> None:
        """Offers the next waiting letter. Only for a connection that waits for nothing."""
        job = self._source.take(self)
        if job:
            self._write(self._offer(job))
        else:
            self._source.idle(self)

    def _offer(self, job: Job) -> bytes:
        assert job.letter
        job.state, job.refusal, self._envelope = State.OFFERED, None, job
        mail, rcpt = envelope(job.letter, self.offered)
        commands = [(Step.MAIL, job, mail), (Step.RCPT, job, rcpt), (Step.DATA, job, _COMMAND[Step.DATA])]
        if self._needs_reset:
            commands.insert(0, (Step.RSET, job, _COMMAND[Step.RSET]))
            self._needs_reset = False
        if not self.offered.pipelining:
            self._unsent.extend(commands)
            return self._next_command()
        self._expected.extend([(step, each) for step, each, _ in commands])
        return b"".join([line for _, _, line in commands])

    def _next_command(self) -> bytes:
        step, job, line = self._unsent.popleft()
        self._expected.append((step, job))
        return line

    def _hand_over(self, job: Job) -> None:
        """The server waits for the content. After this write the letter may have been sent."""
        if job.state is not State.OFFERED or self._source.is_past(job.deadline_wall):
            # DATA cannot be taken back: only the end of the connection keeps an expired letter from being sent.
            job.settle(NotSent(LATE, late=True))
            self.fail(LATE)
            return
        assert job.letter
        job.state, self._content, self._envelope = State.HANDED, job, None
        self._expected.append((Step.CONTENT, job))
        self._write(job.letter.content + self._behind(len(job.letter.content)))

    def _behind(self, content_bytes: int) -> bytes:
        """The next envelope, to travel in the same write."""
        if not self.offered.pipelining or content_bytes > PIPELINED_CONTENT_MAX:
            return b""
        job = self._source.take(self)
        return self._offer(job) if job else b""

    # -- replies

    def _read(self, line: bytes) -> bool:
        """Takes one line of a reply; False when there is no use in reading on."""
        code, more = line[:3], line[3:4]
        if not code.isdigit() or more not in (b" ", b"-", b"", b"\r"):
            self.fail("The server sent something that is no SMTP reply.")
            return False
        self._lines.append(line[4:].rstrip().decode("utf-8", "replace"))
        if more == b"-":
            if len(self._lines) > 100:
                self.fail("The server sent a reply without end.")
            return not self.transport.is_closing()
        reply = Reply(int(code), self._lines[0] if len(self._lines) == 1 else "\n".join(self._lines))
        self._lines.clear()
        self._answer(reply)
        return not self.transport.is_closing()

    def _answer(self, reply: Reply) -> None:
        if not self._expected:
            self.fail(f"The server ended the session: {reply}")
            return
        step, job = self._expected.popleft()
        if step is Step.COMMAND:
            if not self._asked.done():
                self._asked.set_result(reply)
            return
        if step is Step.CONTENT:
            self._content_answered(reply)
        elif reply.code == 421:
            self._closing(reply)
            return
        elif step is Step.DATA:
            assert job
            self._data_answered(job, reply)
        elif job and step is not Step.RSET and reply.code // 100 != 2 and job.refusal is None:
            job.refusal = (reply, step)
        self._go_on(job)

    def _go_on(self, job: Job | None) -> None:
        """Without PIPELINING the next command; with nothing left to wait for, the next letter."""
        if self.transport.is_closing():
            return
        if self._unsent:
            if job and job.refusal:
                self._unsent.clear()
                self._refuse_envelope(job)
            else:
                self._write(self._next_command())
        if not self._expected:
            self.pull()

    def _data_answered(self, job: Job, reply: Reply) -> None:
        if reply.code == 354:
            if job.refusal is None:
                self._hand_over(job)
                return
            # RFC 2920 3.1: the server waits for a content without a valid recipient; it gets an empty one.
            self._refuse_envelope(job)
            self._needs_reset = False
            self._expected.append((Step.NOTHING, None))
            self._write(b".\r\n" + self._behind(0))
            return
        if job.refusal is None:
            job.refusal = (reply, Step.DATA)
        self._refuse_envelope(job)

    def _refuse_envelope(self, job: Job) -> None:
        assert job.refusal
        self._needs_reset, self._envelope = True, None
        self._settle(job, self._refused(*job.refusal))

    def _content_answered(self, reply: Reply) -> None:
        job, self._content = self._content, None
        assert job
        if reply.code < 300:
            self._settle(job, Accepted(queue_id=reply.queue_id))
        elif reply.code >= 400:
            self._settle(job, self._refused(reply, Step.CONTENT))
        else:
            self._content = job
            self.fail(f"The server's answer to the message makes no sense: {reply}")
        if reply.code == 421:
            self.fail(f"The server ended the session: {reply}")

    def _closing(self, reply: Reply) -> None:
        """421 to an envelope: the letter may try another connection, unless that was its last (RFC 5321 3.8)."""
        job = self._envelope
        if job and job.offers == 0 and not self._source.is_past(job.deadline_wall):
            self.fail(f"The server ended the session: {reply}")
            return
        if job:
            self._envelope = None
            self._settle(job, self._refused(reply, Step.MAIL))
        self.fail(f"The server ended the session: {reply}")

    def _settle(self, job: Job, result: Result) -> None:
        job.settle(result)
        self._source.answered()

    def _fate(self) -> Result:
        """Of a letter whose content was written and not answered."""
        behind = self._envelope is not None
        if not (self._flushed or behind or self.transport.get_extra_info("sslcontext")):
            return NotSent(f"{self._why} Its end had not left us.")
        return InDoubt(self._why)

    # -- time

    def _write(self, data: bytes) -> None:
        self._last = self._loop.time()
        self.transport.write(data)

    def _watch(self) -> None:
        """One timer for the connection's life, so that a letter costs none. A slow line that moves is no silence."""
        unwritten = 0 if self._flushed else self.transport.get_write_buffer_size()
        if unwritten < self._unwritten:
            self._unwritten, self._last = unwritten, self._loop.time()
        limit_s = self._answer_timeout_s if self._expected else self._idle_s
        left_s = self._last + limit_s - self._loop.time()
        if left_s <= 0 and self._expected:
            self.fail(f"The server did not answer within {self._answer_timeout_s:g} s.")
        elif left_s <= 0:
            self.quit()
        else:
            self._watchdog = self._loop.call_later(min(left_s, self._answer_timeout_s), self._watch)
