"""Through Postfix and back: signed mail arrives, and what it cannot deliver comes home as its own RFC 3464 report."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from typing import Any

from aiosmtpd.smtp import SMTP
from msgspec.structs import replace

from antiphon import channels
from antiphon.kernel.records import Inbound, Receipt
from channels.email_peer import Inbox, adapter_to, letter, served
from channels.test_mx import DOMAIN, Store, exchanger
from orchestration.conftest import stage, worker
from orchestration.stage import Stage
from peers.programs import free_port, postfix

__all__ = ["stage", "worker"]


class Sink(Inbox):
    """Somebody else's mail exchanger: it refuses whoever is called gone."""

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address.startswith("gone"):
            return "550 5.1.1 <gone>: Recipient address rejected: User unknown"
        if address.startswith("full"):
            return "552 5.2.2 Mailbox full"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"


@contextlib.asynccontextmanager
async def house(store: Any, sink: Sink) -> AsyncIterator[int]:
    """A relay between us and the others: its port."""
    async with served(sink, make=SMTP) as theirs, exchanger(store, mailboxes=[f"help@{DOMAIN}"]) as ours:
        with postfix({"example.org": theirs, DOMAIN: ours}) as port:
            yield port


async def eventually(check: Any, *, seconds: float = 15) -> None:
    end = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < end
        await asyncio.sleep(0.05)


async def test_a_refusal_elsewhere_comes_home_as_a_report_to_the_address_of_its_delivery() -> None:
    store, sink = Store(), Sink()
    async with house(store, sink) as relay:
        async with adapter_to(relay, envelope_domain=DOMAIN) as adapter:
            gone, full, well = letter(7, to="gone@example.org"), letter(8, to="full@example.org"), letter(9)
            accepted = await adapter.send_many([_named(gone, "tok7"), _named(full, "tok8"), well])
        assert [type(result).__name__ for result in accepted] == ["Accepted"] * 3
        await eventually(lambda: len(store.items) == 2 and len(sink.letters) == 1)
    told = {item.delivery: item for item in store.items if isinstance(item, Receipt)}
    assert (told[7].kind, told[7].failure, told[7].code) == ("failed", "address", "5.1.1 no_such_user")
    assert (told[8].kind, told[8].failure, told[8].code) == ("failed", "temporary", "5.2.2 mailbox_full")
    assert sink.recipients == [well.to]


async def test_a_reply_passes_and_our_own_mail_that_comes_round_is_answered_by_nobody() -> None:
    store = Store()
    async with house(store, Sink()) as relay, adapter_to(relay, envelope_domain=DOMAIN) as adapter:
        await adapter.send_many([_named(letter(7, to=f"help@{DOMAIN}"), "tok7")])
        await eventually(lambda: len(store.items) == 1)
    (said,) = store.items
    assert isinstance(said, Inbound)
    assert (said.automatic, said.text) == (True, "Hello 7")


def _named(outgoing: Any, token: str) -> Any:
    return replace(outgoing, token=token)


async def test_a_bounce_from_postfix_fails_the_delivery_and_the_next_channel_takes_over(
    stage: Stage, worker: None
) -> None:
    """Real accounts in a running worker: SMTP out, a mail exchanger in, and a second channel of paper."""
    sink, ours = Sink(), free_port()
    async with served(sink, make=SMTP) as theirs:
        with postfix({"example.org": theirs, DOMAIN: ours}) as relay:
            sms = await stage.account("sms")
            await _accounts(stage, relay, ours)
            await stage.people(1, "email", "phone")
            await stage.sql("UPDATE address SET value = 'gone@example.org' WHERE channel = 'email'")
            campaign = await stage.campaign("email", "sms")

            async def taken_over() -> bool:
                return len(sms.left) == 1

            await stage.eventually(taken_over, seconds=30)
            await stage.until(campaign, "done")
    rows = await stage.sql("SELECT channel, state, failure, code FROM delivery ORDER BY id")
    assert [tuple(row) for row in rows] == [
        ("email", "failed", "address", "5.1.1 no_such_user"),
        ("sms", "accepted", None, None),
    ]
    assert sms.to == ["+447900000000"]


async def _accounts(stage: Stage, relay: int, ours: int) -> None:
    smtp = {"host": "127.0.0.1", "port": relay, "security": "none", "envelope_domain": DOMAIN}
    mx = {"hostname": "mx.shop.example", "domains": [DOMAIN], "host": "127.0.0.1", "port": ours}
    async with stage.database.transaction() as tx:
        for name, settings in (("smtp", smtp), ("mx", mx)):
            await channels.create_provider(tx, stage.runtime.secrets, name=name, adapter=name, settings=settings)
