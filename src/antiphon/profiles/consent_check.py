"""What cannot have been said, with the place and the way out. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from math import isfinite
from typing import get_args

from msgspec.structs import replace

from antiphon.kernel.errors import Flaw, Invalid
from antiphon.kernel.records import Channel
from antiphon.kernel.said import worded
from antiphon.profiles.consent_fold import EVERY, ConsentState
from antiphon.profiles.consent_records import Basis, Proof, Statement
from antiphon.profiles.identifiers import stored_address, text_fault

STATEMENTS_MAX = 1_000
TOPIC_CHARS_MAX = 100
WORDING_CHARS_MAX = 20_000
PROOF_CHARS_MAX = 2_000
LIMIT_COUNT_MAX = 1_000
LIMIT_S_MAX = 366 * 86_400.0
AHEAD = timedelta(minutes=5)
"""How far another system's clock may be ahead of ours."""

CHANNELS = tuple(str(channel) for channel in Channel)
STATES: tuple[str, ...] = get_args(ConsentState)
BASES: tuple[str, ...] = get_args(Basis)


def checked(statements: Sequence[Statement], proof: Proof, *, now: datetime) -> list[Statement]:
    """In their stored form: dated, addresses normalised. Raises Invalid that names every flaw."""
    if len(statements) > STATEMENTS_MAX:
        raise Invalid(flaws=[Flaw("statements", worded("At most {most} at once.", most=STATEMENTS_MAX))])
    found = [
        Flaw(f"[{n}].{flaw.at}" if len(statements) > 1 else flaw.at, flaw.message)
        for n, statement in enumerate(statements)
        for flaw in _flaws(statement, now)
    ]
    found += proof_flaws(proof, now=now)
    if found:
        raise Invalid("The preference is not valid.", flaws=found)
    return [_stored(statement, now) for statement in statements]


def _stored(said: Statement, now: datetime) -> Statement:
    address = stored_address(said.channel, said.address) if said.address is not None else None
    return replace(said, at=min(said.at or now, now), address=address)


def _flaws(said: Statement, now: datetime) -> Iterator[Flaw]:
    if fault := topic_fault(said.topic):
        yield Flaw("topic", fault)
    if said.channel not in CHANNELS and said.channel != EVERY:
        yield Flaw("channel", worded("It is not one of {known}, nor * for every channel.", known=", ".join(CHANNELS)))
    if said.state not in STATES:
        yield Flaw("state", worded("It is not one of {known}.", known=", ".join(STATES)))
    if said.address is not None:
        yield from _address(said)
    if said.basis and said.basis not in BASES:
        yield Flaw("basis", worded("It is not one of {known}.", known=", ".join(BASES)))
    yield from _times(said, now)
    yield from _limit(said)


def topic_fault(name: str) -> str:
    """Why this cannot be the name of a topic or `*`; empty when it can."""
    if len(name) > TOPIC_CHARS_MAX:
        return worded("It is longer than {most} characters.", most=TOPIC_CHARS_MAX)
    return text_fault(name)


def _address(said: Statement) -> Iterator[Flaw]:
    if said.channel not in CHANNELS:
        yield Flaw("address", "An address belongs to one channel; name the channel, or leave the address out.")
    elif fault := text_fault(stored_address(said.channel, said.address or "")):
        yield Flaw("address", fault)


def _times(said: Statement, now: datetime) -> Iterator[Flaw]:
    times = {"at": said.at, "until": said.until, "expires_at": said.expires_at}
    if naive := [name for name, time in times.items() if time is not None and time.tzinfo is None]:
        yield from (Flaw(name, "The time needs a time zone, such as Z.") for name in naive)
        return
    at = said.at or now
    if at > now + AHEAD:
        yield Flaw("at", "It lies ahead; nothing has been said then yet. Leave it out for now.")
    if said.state == "paused" and said.until is None:
        yield Flaw("until", "A pause needs its end, such as 2026-03-01T00:00:00Z.")
    elif said.until is not None and said.state != "paused":
        yield Flaw("until", "Only a pause has an end; use expires_at for a consent that runs out.")
    elif said.until is not None and said.until <= at:
        yield Flaw("until", "It lies before the statement; name a later time, or say `resumed`.")
    if said.expires_at is not None and said.state not in ("wanted", "pending"):
        yield Flaw("expires_at", "Only what is wanted can run out; leave it out.")
    elif said.expires_at is not None and said.expires_at <= at:
        yield Flaw("expires_at", "It lies before the statement; name a later time, or leave it out.")


def _limit(said: Statement) -> Iterator[Flaw]:
    count, within_s = said.limit_count, said.limit_s
    if said.state != "limited":
        if count is not None or within_s is not None:
            yield Flaw("limit", "It goes with the state `limited`.")
    elif (count is None) != (within_s is None):
        yield Flaw("limit", "It needs a count and a period; leave out both to lift it.")
    elif count is not None and not 0 <= count <= LIMIT_COUNT_MAX:
        yield Flaw("limit.count", worded("A number from 0 to {most:,}.", most=LIMIT_COUNT_MAX))
    elif within_s is not None and not (isfinite(within_s) and 1 <= within_s <= LIMIT_S_MAX):
        yield Flaw("limit.within", "From a second to 366 days.")


def proof_flaws(proof: Proof, *, now: datetime) -> list[Flaw]:
    found = [] if proof.method else [Flaw("method", "It is empty; say how we know, such as form, page, agent or api.")]
    for name in ("method", "source", "wording", "wording_version", "language", "ip", "user_agent"):
        text = getattr(proof, name)
        most = WORDING_CHARS_MAX if name == "wording" else PROOF_CHARS_MAX
        if len(text) > most:
            found.append(Flaw(name, worded("It is longer than {most:,} characters.", most=most)))
        elif text and (fault := unstorable(text)):
            found.append(Flaw(name, fault))
    for name in ("asked_at", "confirmed_at"):
        time = getattr(proof, name)
        if time is not None and time.tzinfo is None:
            found.append(Flaw(name, "The time needs a time zone, such as Z."))
        elif time is not None and time > now + AHEAD:
            found.append(Flaw(name, "It lies ahead."))
    return found


def unstorable(text: str) -> str:
    """Why a text of any length cannot be stored; empty when it can."""
    return next((fault for n in range(0, len(text), 200) if (fault := text_fault(text[n : n + 200]))), "")
