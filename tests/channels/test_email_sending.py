"""What a batch becomes, against aiosmtpd."""

from __future__ import annotations

import asyncio
import random
import re
import time
from contextlib import AsyncExitStack

import pytest
import uvloop
from aiosmtpd.smtp import SMTP

from antiphon.channels.adapter import Unreachable
from antiphon.channels.adapters.email.job import LATE
from antiphon.kernel.records import Accepted, InDoubt, NotSent, Refused
from channels.email_peer import Inbox, adapter_to, letter, served

# The hook that is to replace this fixture works for a whole folder only.
pytestmark = pytest.mark.filterwarnings("ignore:Overriding the .event_loop_policy. fixture")


@pytest.fixture(params=[asyncio.DefaultEventLoopPolicy, uvloop.EventLoopPolicy], ids=["asyncio", "uvloop"])
def event_loop_policy(request):
    """The product runs on uvloop; tests of others and small tools on asyncio. They differ in transports and TLS."""
    return request.param()


@pytest.mark.parametrize("offers", [("PIPELINING",), ("none",)], ids=["pipelining", "lock-step"])
async def test_a_batch_arrives_once_and_results_keep_its_order(offers):
    inbox = Inbox(*offers)
    async with served(inbox) as port, adapter_to(port, connections=3) as adapter:
        results = await adapter.send_many([letter(n) for n in range(40)])
    assert sorted(inbox.recipients) == sorted(f"person{n}@example.org" for n in range(40))
    by_id = {f"Q{i + 1}": each.rcpt_tos[0] for i, each in enumerate(inbox.letters)}
    assert [by_id[result.queue_id] for result in results] == [f"person{n}@example.org" for n in range(40)]
    assert inbox.sessions <= 3


async def test_the_next_envelope_travels_with_the_content_before_it():
    written: list[bytes] = []

    class Recording(SMTP):
        def data_received(self, data):
            written.append(data)
            super().data_received(data)

    inbox = Inbox()
    async with served(inbox, make=Recording) as port, adapter_to(port, connections=1) as adapter:
        await adapter.send_many([letter(n) for n in range(5)])
    both = re.compile(rb"\r\n\.\r\nMAIL FROM:<bounce\+t\d@bounce\.shop\.example>[^\r]*\r\nRCPT TO:<[^\r]*\r\nDATA\r\n$")
    assert sum(bool(both.search(each)) for each in written) == 4


async def test_the_bounce_address_carries_the_token():
    inbox = Inbox()
    async with served(inbox) as port, adapter_to(port) as adapter:
        await adapter.send_many([letter(7)])
    assert inbox.letters[0].mail_from == "bounce+t7@bounce.shop.example"


class Choosy(Inbox):
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("dead"):
            return "550 5.1.1 No such user here"
        if address.startswith("later"):
            return "450 4.2.1 Try again later"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"


def some_dead() -> list:
    names = ["a", "dead1", "b", "dead2", "dead3", "later", "c"]
    return [letter(n, to=f"{name}@example.org") for n, name in enumerate(names)]


async def judge_some_dead(inbox, *, make=SMTP) -> None:
    async with served(inbox, make=make) as port, adapter_to(port, connections=1) as adapter:
        results = await adapter.send_many(some_dead())
    dead = Refused("address", "550 5.1.1", "5.1.1 No such user here")
    later = Refused("temporary", "450 4.2.1", "4.2.1 Try again later", retry_after_s=300.0)
    assert [None if isinstance(each, Accepted) else each for each in results] == [
        None, dead, None, dead, dead, later, None,
    ]  # fmt: skip
    assert inbox.recipients == ["a@example.org", "b@example.org", "c@example.org"]
    assert inbox.sessions == 1


@pytest.mark.parametrize("offers", [("PIPELINING",), ("none",)], ids=["pipelining", "lock-step"])
async def test_a_refused_recipient_harms_no_neighbour(offers):
    await judge_some_dead(Choosy(*offers))


async def test_a_server_that_waits_for_content_without_a_recipient_gets_none():
    """RFC 2920 3.1: after a 354 that follows only refused recipients, the client sends a single dot."""

    class Trusting(SMTP):
        async def smtp_DATA(self, arg):
            if self.envelope.rcpt_tos:
                await super().smtp_DATA(arg)
                return
            await self.push("354 go ahead")
            assert await self._reader.readuntil(b"\r\n") == b".\r\n"
            self._set_post_data_state()
            await self.push("554 5.5.1 No valid recipients")

    await judge_some_dead(Choosy(), make=Trusting)


async def test_a_refused_sender_is_policy():
    class Strict(Inbox):
        async def handle_MAIL(self, server, session, envelope, address, options):
            return "553 5.7.1 Sender not owned by user"

    async with served(Strict()) as port, adapter_to(port) as adapter:
        results = await adapter.send_many([letter(1), letter(2)])
    assert [each.failure for each in results] == ["policy", "policy"]


async def test_a_refused_content_is_told_with_its_class():
    class Filter(Inbox):
        async def handle_DATA(self, server, session, envelope):
            if b"offer" in envelope.content:
                return "550-5.7.26 This mail is unauthenticated\r\n550 5.7.26 See the sender guidelines"
            return await super().handle_DATA(server, session, envelope)

    async with served(Filter()) as port, adapter_to(port, connections=1) as adapter:
        results = await adapter.send_many([letter(1), letter(2, text="offer"), letter(3)])
    assert [type(each) for each in results] == [Accepted, Refused, Accepted]
    assert (results[1].failure, results[1].code) == ("policy", "550 5.7.26")
    assert "sender guidelines" in results[1].detail


async def test_a_server_that_ends_sessions_with_421_gets_everything_over_new_ones():
    inbox = Inbox()
    async with (
        served(inbox, command_call_limit={"MAIL": 3, "*": 1000}) as port,
        adapter_to(port, connections=1) as adapter,
    ):
        results = await adapter.send_many([letter(n) for n in range(10)])
    assert all(isinstance(each, Accepted) for each in results)
    assert sorted(inbox.recipients) == sorted(f"person{n}@example.org" for n in range(10))
    assert inbox.sessions >= 4


async def test_421_for_every_message_is_temporary():
    class Shut(Inbox):
        async def handle_MAIL(self, server, session, envelope, address, options):
            return "421 4.3.2 Shutting down"

    async with served(Shut()) as port, adapter_to(port, connections=1) as adapter:
        results = await adapter.send_many([letter(1)])
    assert results == [Refused("temporary", "421 4.3.2", "4.3.2 Shutting down", retry_after_s=60.0)]


async def test_a_connection_dropped_after_the_dot_is_in_doubt_and_the_next_letter_goes_on():
    class Dropping(Inbox):
        async def handle_DATA(self, server, session, envelope):
            if envelope.rcpt_tos == ["person1@example.org"]:
                server.transport.abort()
            return await super().handle_DATA(server, session, envelope)

    inbox = Dropping()
    async with served(inbox) as port, adapter_to(port, connections=1) as adapter:
        results = await adapter.send_many([letter(n) for n in range(4)])
    assert [type(each) for each in results] == [Accepted, InDoubt, Accepted, Accepted]
    assert sorted(inbox.recipients) == sorted(f"person{n}@example.org" for n in range(4))


async def test_a_connection_dropped_before_the_content_ends_in_not_sent():
    """Three connections are tried, and nothing of the content is ever said."""

    class Rude(Inbox):
        async def handle_RCPT(self, server, session, envelope, address, options):
            server.transport.abort()
            return "250 Ok"

    inbox = Rude()
    async with served(inbox) as port, adapter_to(port, connections=1) as adapter:
        results = await adapter.send_many([letter(1)])
    assert results == [NotSent("The server closed the connection.")]
    assert inbox.sessions == 3
    assert not inbox.letters


async def test_a_large_message_cut_off_before_its_end_left_us_is_not_sent():
    class Deaf(SMTP):
        async def smtp_DATA(self, arg):
            await self.push("354 go ahead")
            self.transport.pause_reading()
            await asyncio.sleep(0.3)
            self.transport.abort()

    inbox = Inbox()
    async with served(inbox, make=Deaf, data_size_limit=20_000_000) as port, adapter_to(port) as adapter:
        results = await adapter.send_many([letter(1, text="x" * 70 + "\n" + ("y" * 70 + "\n") * 120_000)])
    assert [type(each) for each in results] == [NotSent]


async def test_no_answer_to_the_content_is_in_doubt_after_the_time_out():
    class Silent(Inbox):
        async def handle_DATA(self, server, session, envelope):
            await asyncio.sleep(5)
            return "250 Ok"

    started = time.monotonic()
    async with served(Silent()) as port, adapter_to(port, connections=1, answer_timeout_s=0.3) as adapter:
        results = await adapter.send_many([letter(1)])
    assert results == [InDoubt("The server did not answer within 0.3 s.")]
    assert time.monotonic() - started < 2


class SlowToListen(Inbox):
    async def handle_RCPT(self, server, session, envelope, address, options):
        await asyncio.sleep(0.5)
        envelope.rcpt_tos.append(address)
        return "250 Ok"


async def test_what_is_not_handed_over_at_its_deadline_is_never_handed_over():
    inbox = SlowToListen()
    started = time.monotonic()
    async with served(inbox) as port, adapter_to(port, connections=1) as adapter:
        results = await adapter.send_many([letter(n, deadline_in_s=0.2) for n in range(5)])
        assert time.monotonic() - started < 0.9
        await asyncio.sleep(0.6)
    assert results == [NotSent(LATE, late=True)] * 5
    assert not inbox.letters


async def test_that_an_address_is_none_is_heard_after_the_deadline_too():
    class Picky(SlowToListen):
        async def handle_RCPT(self, server, session, envelope, address, options):
            await asyncio.sleep(0.4)
            return "550 5.1.1 No such mailbox"

    inbox = Picky()
    async with served(inbox) as port, adapter_to(port, connections=1) as adapter:
        results = await adapter.send_many([letter(n, deadline_in_s=0.2) for n in range(2)])
    assert results == [Refused("address", "550 5.1.1", "5.1.1 No such mailbox"), NotSent(LATE, late=True)]


async def test_who_says_nothing_to_an_envelope_is_waited_for_a_second_longer():
    class Silent(SlowToListen):
        async def handle_RCPT(self, server, session, envelope, address, options):
            await asyncio.sleep(5)
            return "250 Ok"

    started = time.monotonic()
    async with served(Silent()) as port, adapter_to(port, connections=1) as adapter:
        results = await adapter.send_many([letter(n, deadline_in_s=0.2) for n in range(2)])
        assert time.monotonic() - started < 2
    assert results == [NotSent(LATE), NotSent(LATE, late=True)]


async def test_a_server_that_refuses_an_address_and_hangs_up_has_refused_it():
    class Rude(SMTP):
        async def smtp_RCPT(self, arg):
            await self.push("550 5.1.1 No such mailbox")
            self.transport.close()

    async with served(Inbox(), make=Rude) as port, adapter_to(port, connections=1) as adapter:
        results = await adapter.send_many([letter(1)])
    assert results == [Refused("address", "550 5.1.1", "5.1.1 No such mailbox")]


async def test_a_deadline_that_has_passed_opens_no_connection_to_a_mailbox():
    inbox = Inbox()
    async with served(inbox) as port, adapter_to(port) as adapter:
        results = await adapter.send_many([letter(1, deadline_in_s=-1), letter(2)])
    assert [type(each) for each in results] == [NotSent, Accepted]
    assert inbox.recipients == ["person2@example.org"]


async def test_a_caller_that_gives_up_leaves_nothing_behind_to_be_sent():
    inbox = SlowToListen()
    async with served(inbox) as port, adapter_to(port, connections=1) as adapter:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await adapter.send_many([letter(n) for n in range(5)])
        await asyncio.sleep(0.7)
    assert not inbox.letters


async def test_a_connection_that_the_server_closed_while_idle_is_opened_again():
    inbox = Inbox()
    async with served(inbox, timeout=0.2) as port, adapter_to(port, connections=1) as adapter:
        first = await adapter.send_many([letter(1)])
        await asyncio.sleep(0.4)
        second = await adapter.send_many([letter(2)])
    assert [type(each) for each in (*first, *second)] == [Accepted, Accepted]
    assert inbox.sessions == 2


async def test_an_idle_connection_is_closed_by_us():
    class Leaving(Inbox):
        quits = 0

        async def handle_QUIT(self, server, session, envelope):
            self.quits += 1
            return "221 Bye"

    inbox = Leaving()
    async with served(inbox) as port, adapter_to(port, connections=1, idle_s=0.2, answer_timeout_s=0.2) as adapter:
        await adapter.send_many([letter(1)])
        await asyncio.sleep(0.6)
        assert inbox.quits == 1
        assert isinstance((await adapter.send_many([letter(2)]))[0], Accepted)


async def test_nobody_listening_is_not_sent_and_connect_says_unreachable():
    async with served(Inbox()) as port:
        pass
    async with adapter_to(port) as adapter:
        results = await adapter.send_many([letter(1), letter(2)])
        assert [type(each) for each in results] == [NotSent, NotSent]
        with pytest.raises(Unreachable, match=str(port)):
            await adapter.connect()


async def test_a_server_that_went_away_between_two_batches_is_not_sent_at_once():
    async with AsyncExitStack() as later:
        async with served(Inbox(), timeout=0.2) as port:
            adapter = await later.enter_async_context(adapter_to(port, connections=2))
            assert isinstance((await adapter.send_many([letter(1)]))[0], Accepted)
        await asyncio.sleep(0.4)
        async with asyncio.timeout(2):
            results = await adapter.send_many([letter(2), letter(3)])
    assert [type(each) for each in results] == [NotSent, NotSent]


async def test_a_server_that_refuses_the_greeting_is_policy():
    async def refuse(reader, writer):
        writer.write(b"554 5.7.1 Your network is not welcome\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    async with server, adapter_to(server.sockets[0].getsockname()[1]) as adapter:
        results = await adapter.send_many([letter(1)])
    assert results == [Refused("policy", "554 5.7.1", "5.7.1 Your network is not welcome")]


@pytest.mark.parametrize("noise", [b"HTTP/1.1 400 Bad Request\r\n", b"2" * 100_000], ids=["http", "endless"])
async def test_a_peer_that_speaks_no_smtp_is_not_sent(noise):
    async def talk(reader, writer):
        writer.write(noise)
        await reader.read()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server, adapter_to(server.sockets[0].getsockname()[1]) as adapter:
        results = await adapter.send_many([letter(1)])
    assert [type(each) for each in results] == [NotSent]


async def test_two_batches_at_once_share_the_connections():
    inbox = Inbox()
    async with served(inbox) as port, adapter_to(port, connections=2) as adapter:
        one, two = await asyncio.gather(
            adapter.send_many([letter(n) for n in range(20)]),
            adapter.send_many([letter(n) for n in range(20, 40)]),
        )
    assert all(isinstance(each, Accepted) for each in (*one, *two))
    assert len(set(inbox.recipients)) == 40
    assert inbox.sessions <= 2


async def test_more_connections_than_the_server_bears_are_done_without():
    class Small(Inbox):
        open = 0

        async def handle_EHLO(self, server, session, envelope, hostname, responses):
            if self.sessions >= 2:
                server.transport.abort()
            return await super().handle_EHLO(server, session, envelope, hostname, responses)

    inbox = Small()
    async with served(inbox) as port, adapter_to(port, connections=8) as adapter:
        results = await adapter.send_many([letter(n) for n in range(60)])
    assert all(isinstance(each, Accepted) for each in results)


async def test_closing_waits_for_the_answer_to_what_was_handed_over():
    class Thinking(Inbox):
        async def handle_DATA(self, server, session, envelope):
            await asyncio.sleep(0.3)
            return await super().handle_DATA(server, session, envelope)

    inbox = Thinking()
    async with served(inbox) as port, adapter_to(port, connections=1) as adapter:
        sending = asyncio.create_task(adapter.send_many([letter(1)]))
        await asyncio.sleep(0.15)
        await adapter.close()
        assert [type(each) for each in await sending] == [Accepted]


class Moody(Inbox):
    """Refuses, stalls, ends the session or drops the connection at any point, by a seeded die."""

    def __init__(self, seed: int, *offers: str) -> None:
        super().__init__(*offers)
        self.dice = random.Random(seed)

    async def mood(self, server: SMTP, good: str) -> str:
        throw = self.dice.random()
        if throw < 0.04:
            server.transport.abort()
        elif throw < 0.08:
            asyncio.get_running_loop().call_soon(server.transport.close)
            return "421 4.3.2 Going down"
        elif throw < 0.12:
            return "451 4.3.0 Not now"
        elif throw < 0.16:
            return "550 5.1.1 Never"
        elif throw < 0.17:
            await asyncio.sleep(0.4)
        return good

    async def handle_MAIL(self, server, session, envelope, address, options):
        answer = await self.mood(server, "250 2.1.0 Ok")
        if answer.startswith("250"):
            envelope.mail_from = address
        return answer

    async def handle_RCPT(self, server, session, envelope, address, options):
        answer = await self.mood(server, "250 2.1.5 Ok")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server, session, envelope):
        answer = await self.mood(server, "250 2.0.0 Ok")
        if answer.startswith("250"):
            self.letters.append(envelope)
        return answer


@pytest.mark.parametrize("offers", [("PIPELINING",), ("none",)], ids=["pipelining", "lock-step"])
@pytest.mark.parametrize("seed", range(2))
async def test_whatever_the_server_does_nothing_arrives_twice_and_no_result_is_a_lie(offers, seed):
    inbox = Moody(seed, *offers)
    async with served(inbox) as port, adapter_to(port, connections=4, answer_timeout_s=0.3) as adapter:
        batches = [[letter(n) for n in range(at, at + 30)] for at in (0, 30, 60)]
        results = [result for batch in batches for result in await adapter.send_many(batch)]
    assert len(results) == 90
    arrived = inbox.recipients
    assert len(set(arrived)) == len(arrived)
    by_kind = {kind: {f"person{n}@example.org" for n, each in enumerate(results) if isinstance(each, kind)}
               for kind in (Accepted, InDoubt, Refused, NotSent)}  # fmt: skip
    assert by_kind[Accepted] <= set(arrived)
    assert not (by_kind[NotSent] | by_kind[Refused]) & set(arrived)
    assert len(by_kind[Accepted]) > 30
    assert by_kind[Refused]
