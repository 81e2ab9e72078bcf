"""The breaker: what opens it, who may try, what closes it; as a model, and over processes on one database."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from aiosmtpd.smtp import AuthResult
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from antiphon import channels
from antiphon.channels import Connections, breaker
from antiphon.channels.breaker import PROBE_MESSAGES, PROBE_S, Breaker
from antiphon.kernel.clock import wall_datetime
from antiphon.kernel.db import Database
from antiphon.kernel.records import Accepted, InDoubt, NotSent, ProviderId, Refused
from antiphon.kernel.runtime import Runtime
from antiphon.kernel.secrets import read_secrets
from channels.accounts import make, run, standing, word_of
from channels.email_peer import Inbox, served

OK = Accepted("1")
THROTTLED = Refused("temporary", "429 throttled", "slow down", 30.0)
POLICY = Refused("policy", "550 5.7.26", "unauthenticated")
NOBODY = Refused("address", "550 5.1.1", "no such user")


class Model(RuleBasedStateMachine):
    """Three processes and one breaker, in any order of events."""

    def __init__(self) -> None:
        super().__init__()
        self.at, self.breaker, self.probes = 1000.0, Breaker(), []

    @rule(s=st.floats(0.01, 40))
    def time_passes(self, s: float) -> None:
        self.at += s

    @rule(wanted=st.integers(0, 250))
    def somebody_asks(self, wanted: int) -> None:
        state = self.breaker.state(self.at)
        given, self.breaker = self.breaker.room(wanted, self.at)
        assert given <= wanted
        if state == "open":
            assert given == 0
        elif state == "closed":
            assert given == wanted
        elif given:
            assert given <= PROBE_MESSAGES
            self.probes = [at for at in self.probes if at > self.at - PROBE_S]
            assert self.probes == [], "two probes at a time"
            self.probes.append(self.at)

    @rule(cause=st.sampled_from(["unreachable", "refused", "credentials"]), after=st.floats(0, 1e5))
    def it_fails(self, cause: breaker.Cause, after: float) -> None:
        before = self.breaker
        self.breaker = before.failed(self.at, cause=cause, reason="x", retry_after_s=after)
        self.probes = []
        if before.state(self.at) == "open":
            assert self.breaker == before, "those who fail together count once"
        else:
            assert self.breaker.failures == before.failures + 1
            assert self.breaker.paused_until >= self.at + breaker.pause_s(self.breaker.failures, cause)
            assert self.breaker.paused_until <= self.at + breaker.RETRY_AFTER_MAX_S

    @rule()
    def it_answers(self) -> None:
        state = self.breaker.state(self.at)
        before, self.breaker = self.breaker, self.breaker.succeeded(self.at)
        if state == "half_open":
            assert self.breaker == Breaker()
            self.probes = []
        else:
            assert self.breaker == before, "what was under way proves nothing while it is open"

    @precondition(lambda self: self.breaker.state(self.at) != "closed")
    @rule()
    def it_is_never_shut_for_good(self) -> None:
        later = max(self.breaker.paused_until, self.breaker.probing_until, self.at)
        assert self.breaker.room(1, later)[0] == 1

    @invariant()
    def a_reason_stands_while_it_is_not_closed(self) -> None:
        assert bool(self.breaker.reason) == (self.breaker.state(self.at) != "closed")


Model.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
test_model = Model.TestCase


@pytest.mark.parametrize("cause", breaker.PAUSES_S)
def test_pauses_grow_and_end(cause: breaker.Cause) -> None:
    pauses = [breaker.pause_s(n, cause) for n in range(1, 12)]
    assert pauses == sorted(pauses)
    assert pauses[0] < pauses[-1] == pauses[-2] <= 3600


@pytest.mark.parametrize(
    ("result", "credentials", "blame", "deferral"),
    [
        (Refused("policy", "535 5.7.8", "bad password"), True, True, False),
        (Refused("policy", "530 5.7.0", "authentication required"), True, True, False),
        (Refused("policy", "401", "unauthorized"), True, True, False),
        (Refused("policy", "403 forbidden", "no"), True, True, False),
        (Refused("optout", "403", "bot was blocked by the user"), False, False, False),
        (Refused("address", "403", "SENDER_ID_MISMATCH"), False, False, False),
        (POLICY, False, True, False),
        (THROTTLED, False, True, False),
        (Refused("temporary", "ESME_RTHROTTLED", "", 1.0), False, True, False),
        (Refused("temporary", "absent", "subscriber"), False, False, False),
        (Refused("temporary", "421 4.7.0", "too fast", 60.0), False, True, True),
        (Refused("temporary", "450 4.2.1", "receiving too fast", 300.0), False, False, True),
        (Refused("temporary", "451 4.7.1", "greylisted", 300.0), False, False, True),
        (Refused("temporary", "452 4.2.2", "mailbox full", 3600.0), False, False, False),
        (Refused("temporary", "450 4.1.2", "domain not found", 300.0), False, False, False),
        (NOBODY, False, False, False),
        (OK, False, False, False),
        (InDoubt("?"), False, False, False),
        (NotSent("?"), False, False, False),
    ],
)
def test_what_an_answer_says_and_of_whom(result, credentials: bool, blame: bool, deferral: bool) -> None:
    assert breaker.is_credentials(result) is credentials
    assert breaker.is_blame(result) is blame
    assert breaker.is_deferral(result) is deferral


@pytest.mark.parametrize(
    ("said", "cause"),
    [
        ("mail.example:587: 535 5.7.8 Authentication failed", "credentials"),
        ("mail.example:535: connection refused", "unreachable"),
        ("smsc.example:2775 refused the bind with status 0x0e.", "credentials"),
        ("smsc.example:2775 refused the bind with status 0x05.", "unreachable"),
        ("mail.example:25: 421 4.3.2 not now", "unreachable"),
    ],
)
def test_why_no_connection_came_about(said: str, cause: str) -> None:
    assert breaker.cause_of(said) == cause


async def note(database: Database, provider: ProviderId, results, *, to: str = "a@shop.example") -> None:
    async with database.transaction() as tx:
        await channels.note_results(tx, provider, [(to, result) for result in results])


async def room(database: Database, provider: ProviderId, wanted: int = 250, claimed: int = 1) -> int:
    async with database.transaction() as tx:
        given = await channels.room(tx, provider, wanted=wanted)
        await channels.spend(tx, provider, min(given, claimed))
    return given


async def half_open(database: Database, provider: ProviderId, failures: int = 1) -> None:
    await run(
        database,
        "UPDATE provider_state SET failures = $2, reason = 'x', paused_until = clock_timestamp() - interval '1 s'"
        " WHERE provider_id = $1",
        provider,
        failures,
    )


async def test_most_answers_of_a_minute_against_us_open_it_and_few_do_not(database: Database) -> None:
    provider = await make(database, "relay")
    await note(database, provider, [POLICY] * 19)
    assert await room(database, provider) == 250
    await note(database, provider, [POLICY])
    assert await room(database, provider) == 0
    found = await standing(database, provider)
    assert found.failures == 1
    assert "5.7.26" in found.reason


async def test_refusals_of_recipients_are_no_refusals_of_ours(database: Database) -> None:
    provider = await make(database, "relay")
    await note(database, provider, [NOBODY] * 100 + [POLICY] * 40)
    assert await room(database, provider) == 250


async def test_answers_of_several_processes_count_together(database: Database) -> None:
    provider = await make(database, "relay")
    await asyncio.gather(*(note(database, provider, [POLICY] * 7) for _ in range(3)))
    await note(database, provider, [POLICY])
    assert await room(database, provider) == 0


async def test_what_it_asks_for_is_waited_for(database: Database) -> None:
    provider = await make(database, "webpush", adapter="webpush")
    await note(database, provider, [Refused("temporary", "503 unavailable", "", 777.0)] * 30, to="https://p.example/x")
    left = (await word_of(database, "SELECT paused_until - clock_timestamp() FROM provider_state")).total_seconds()
    assert 770 < left <= 777


async def test_refused_credentials_open_it_for_long_and_other_settings_close_it(database: Database) -> None:
    provider = await make(database, "relay")
    await note(database, provider, [Refused("policy", "535 5.7.8", "bad password")])
    left = (await word_of(database, "SELECT paused_until - clock_timestamp() FROM provider_state")).total_seconds()
    assert 290 < left <= 300
    async with database.transaction() as tx:
        (found,) = await channels.providers(tx)
        await channels.update_provider(tx, await read_secrets(database), found, {"settings": {"port": 26}})
    assert await room(database, provider) == 250


async def test_one_subscription_with_a_foreign_key_stops_no_push(database: Database) -> None:
    provider = await make(database, "webpush", adapter="webpush")
    await note(database, provider, [Refused("policy", "403 vapid_refused", "")], to="https://p.example/x")
    assert await room(database, provider) == 250


async def test_half_open_one_of_three_processes_probes_with_a_few(database: Database) -> None:
    provider = await make(database, "relay")
    await half_open(database, provider)
    given = await asyncio.gather(*(room(database, provider) for _ in range(3)))
    assert sorted(given) == [0, 0, PROBE_MESSAGES]
    assert await room(database, provider) == 0
    await note(database, provider, [OK, NOBODY])
    assert await asyncio.gather(*(room(database, provider) for _ in range(3))) == [250] * 3
    assert (await standing(database, provider)).failures == 0


async def test_a_probe_with_nothing_to_send_is_given_back(database: Database) -> None:
    provider = await make(database, "relay")
    await half_open(database, provider)
    assert await room(database, provider, claimed=0) == PROBE_MESSAGES
    assert await room(database, provider, claimed=0) == PROBE_MESSAGES


@pytest.mark.parametrize(("used", "next_room"), [(0, PROBE_MESSAGES), (1, 0)])
async def test_a_probe_of_which_nothing_went_in_the_end_is_given_back(database: Database, used, next_room) -> None:
    provider = await make(database, "relay")
    await half_open(database, provider)
    assert await room(database, provider, claimed=2) == PROBE_MESSAGES
    async with database.transaction() as tx:
        await channels.spend(tx, provider, used - 2)
    assert await room(database, provider) == next_room


async def test_a_probe_whose_process_died_is_another_s_after_a_while(database: Database) -> None:
    provider = await make(database, "relay")
    await half_open(database, provider)
    assert await room(database, provider) == PROBE_MESSAGES
    await run(database, "UPDATE provider_state SET probing_until = probing_until - interval '11 s'")
    assert await room(database, provider) == PROBE_MESSAGES


async def test_a_probe_that_is_refused_opens_it_for_longer(database: Database) -> None:
    provider = await make(database, "relay")
    await half_open(database, provider, failures=2)
    assert await room(database, provider) == PROBE_MESSAGES
    await note(database, provider, [POLICY, POLICY, OK])
    found = await standing(database, provider)
    assert found.failures == 3
    left = (await word_of(database, "SELECT paused_until - clock_timestamp() FROM provider_state")).total_seconds()
    assert 59 < left <= 60


async def test_answers_that_were_under_way_close_nothing_while_it_rests(database: Database) -> None:
    provider = await make(database, "relay")
    await note(database, provider, [POLICY] * 20)
    await note(database, provider, [OK] * 250)
    assert await room(database, provider) == 0


async def test_once_closed_the_minute_before_counts_no_more(database: Database) -> None:
    provider = await make(database, "relay")
    await note(database, provider, [POLICY] * 20)
    await run(database, "UPDATE provider_state SET paused_until = clock_timestamp()")
    await note(database, provider, [OK])
    await note(database, provider, [POLICY] * 2)
    assert await room(database, provider) == 250


async def test_a_wrong_password_is_not_tried_again_and_again(database: Database) -> None:
    """Found while connecting, with nothing to send: the account rests for minutes, and the reason stands there."""
    inbox = Inbox()
    refusing = AuthResult(success=False, handled=False)
    options = {"auth_require_tls": False, "authenticator": lambda *_: refusing}
    async with served(inbox, **options) as port:
        settings = {"host": "localhost", "port": port, "username": "u", "password": "wrong"}
        provider = await make(database, "relay", settings=settings)
        connections = Connections(Runtime(database, await read_secrets(database), "http://127.0.0.1:1", sandbox=True))
        await connections.refresh()
        for _ in range(100):
            if not (await standing(database, provider)).up(wall_datetime()):
                break
            await asyncio.sleep(0.05)
        found = await standing(database, provider)
        sessions = inbox.sessions
        await asyncio.sleep(1.2)
        await connections.close()
    assert "535" in found.reason
    assert found.paused_until - wall_datetime() > timedelta(minutes=4)
    assert inbox.sessions == sessions, "nobody knocks again"
