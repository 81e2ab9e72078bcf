"""What people said about being written to: appended to the ledger with its proof, and folded into what holds now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from msgspec.structs import replace

from antiphon.kernel import outlet
from antiphon.kernel.clock import FOREVER
from antiphon.kernel.db import Transaction
from antiphon.kernel.errors import Flaw, Invalid, NotFound
from antiphon.kernel.records import Identifier, ProfileChange, ProfileId
from antiphon.kernel.said import worded
from antiphon.profiles import store
from antiphon.profiles.consent_check import CHANNELS, checked, proof_flaws
from antiphon.profiles.consent_effect import effective
from antiphon.profiles.consent_fold import EVERY, Standing, fold
from antiphon.profiles.consent_records import Cell, Consent, Proof, Scope, Statement, Topic
from antiphon.profiles.identifiers import CHANNEL_OF, plain, stored_address, text_fault
from antiphon.profiles.records import PreferenceState
from antiphon.profiles.store.consent import Origin, Saying
from antiphon.profiles.suppression import lift
from antiphon.profiles.topics import topics

LEDGER_MAX = 1_000
_KIND_OF = {str(channel): kind for kind, channel in CHANNEL_OF.items()} | {"voice": "phone"}


async def state(tx: Transaction, profile: ProfileId, statements: Sequence[Statement], proof: Proof) -> None:
    """Append what this person said; it holds when the transaction is committed, also for what is queued.

    A number that turned out to be somebody else's leads there. Raises Invalid with places, NotFound.
    """
    await append(tx, profile, checked(statements, proof, now=tx.now), proof)


async def append(
    tx: Transaction,
    profile: ProfileId,
    statements: Sequence[Statement],
    proof: Proof,
    *,
    who: int | None = None,
    asked_id: int | None = None,
) -> list[int]:
    """Checked statements. `who`: the number of the identifier, where it is known. The numbers of the rows."""
    live = await hold(tx, profile)
    namers = await _namers(tx, live, statements, proof) if who is None else [who] * len(statements)
    sayings = [
        Saying(live, said, proof, namer, asked_id=asked_id) for said, namer in zip(statements, namers, strict=True)
    ]
    numbers = await store.consent.append(tx, sayings)
    await refold(tx, [live])
    keys = sorted({(said.topic, said.channel) for said in statements if said.state != "pending"})
    await outlet.publish(tx, [ProfileChange(live, "preference", key) for key in keys])
    return numbers


async def hold(tx: Transaction, profile: ProfileId) -> ProfileId:
    """Nobody else speaks for this person until the transaction ends. Whom the number leads to."""
    found = await store.consent.lock(tx, [profile], alone=True)
    if profile not in found:
        raise NotFound("There is no such profile.")
    return found[profile]


async def _namers(tx: Transaction, profile: ProfileId, statements: Sequence[Statement], proof: Proof) -> list[int]:
    """The identifier in whose name each was said: the address, or the proof's; 0 where neither is this person's."""
    by_proof = [plain(proof.who)] if proof.who is not None else []
    named = [identifiers_at(said.channel, said.address) + by_proof for said in statements]
    known = await store.consent.namers(tx, sorted({one for each in named for one in each}))
    own = {one: namer.id for one, namer in known.items() if namer.profile == profile}
    return [next((own[one] for one in each if one in own), 0) for each in named]


def identifiers_at(channel: str, address: str | None) -> list[Identifier]:
    """None for an address that is no identifier."""
    kind = _KIND_OF.get(channel)
    return [Identifier(kind, address)] if kind and address else []


async def set_preferences(
    tx: Transaction, profile: ProfileId, choices: Sequence[tuple[str, str, PreferenceState]]
) -> None:
    """(topic, channel, state) each, by API; the last word about a topic and channel counts."""
    statements = [Statement(topic, channel, choice) for topic, channel, choice in choices]
    await state(tx, profile, statements, Proof("api"))


async def refold(tx: Transaction, profiles: Sequence[ProfileId]) -> None:
    """Make the preferences of these people anew from the ledger. The caller holds them; it also tells upwards."""
    said = await store.consent.said(tx, profiles)
    await store.consent.replace(tx, {profile: fold(statements) for profile, statements in said.items()})


async def preferences(tx: Transaction, profiles: Sequence[ProfileId]) -> dict[ProfileId, list[Standing]]:
    """What stands for each of these people: for `effective`."""
    return await store.consent.standing(tx, profiles)


async def ledger(
    tx: Transaction, profile: ProfileId, *, before: tuple[datetime, int] = (FOREVER, 0), limit: int = 100
) -> list[Consent]:
    """All that was said, the latest first; `before` (when it was said, number) is exclusive. At most 1,000."""
    return await store.consent.ledger(tx, profile, before=before, limit=min(limit, LEDGER_MAX))


async def grid(tx: Transaction, profile: ProfileId) -> list[Cell]:
    """Every topic that is known or that the person spoke about, on every channel: what holds, and why."""
    rows = (await store.consent.standing(tx, [profile]))[profile]
    origins = await store.consent.origins(tx, profile, [row.consent_id for row in rows])
    known = {topic.name: topic for topic in await topics(tx)}
    spoken = {row.topic for row in rows if row.state is not None} - {EVERY}
    shown = [known.get(name) or Topic(name) for name in sorted(known.keys() | spoken)]
    return [_cell(rows, origins, topic, channel, tx.now) for topic in shown for channel in CHANNELS]


def _cell(rows: Sequence[Standing], origins: Mapping[int, Origin], topic: Topic, channel: str, now: datetime) -> Cell:
    """What was said for one address alone makes the cell where it allows what is not allowed for any."""
    address = ""
    effect = effective(rows, topic, channel, now=now)
    for bound in sorted({row.address for row in rows if row.address and row.channel == channel}):
        if not effect.allowed and (other := effective(rows, topic, channel, now=now, address=bound)).allowed:
            address, effect = bound, other
    by = effect.by
    origin = origins.get(by.consent_id) if by else None
    limit = effect.limits[0] if effect.limits else None
    return Cell(
        topic=topic.name,
        channel=channel,
        state="unwanted" if effect.reason == "unwanted" else "wanted",
        allowed=effect.allowed,
        reason=effect.reason,
        why=effect.why,
        needs=topic.needs,
        by_topic=by.topic if by else None,
        by_channel=by.channel if by else None,
        address=address or None,
        said_at=origin.said_at if origin else None,
        method=origin.method if origin else None,
        basis=by.basis if by else "",
        expires_at=by.expires_at if by else None,
        paused_until=effect.paused_until,
        limit_count=limit.limit_count if limit else None,
        limit_s=limit.limit_s if limit else None,
    )


async def opt_out(
    tx: Transaction,
    channel: str,
    addresses: Sequence[str],
    *,
    how: str,
    scope: Scope = "everything",
    proof: Proof | None = None,
) -> None:
    """Nobody writes to these addresses again, whoever holds them now or later. The first proof of each is kept.

    `marketing` stops campaigns; `everything` replaces it, never the other way. Each holder's ledger has the proof.
    """
    values = _stored(channel, addresses)
    await store.consent.add_opt_outs(tx, channel, values, how=how, scope=scope)
    await _tell_holders(tx, Statement(EVERY, channel, "unwanted"), values, scope, _proof(how, proof, tx.now))


async def opt_in(
    tx: Transaction,
    channel: str,
    addresses: Sequence[str],
    *,
    how: str = "api",
    scope: Scope = "everything",
    proof: Proof | None = None,
) -> None:
    """Takes opt-outs back, for whoever holds these addresses; `marketing` leaves those of everything."""
    values = _stored(channel, addresses)
    await store.consent.drop_opt_outs(tx, channel, values, scope=scope)
    await lift(tx, [(channel, value) for value in values], scope=scope)
    await _tell_holders(tx, Statement(EVERY, channel, "wanted"), values, scope, _proof(how, proof, tx.now))


def _stored(channel: str, addresses: Iterable[str]) -> list[str]:
    if channel not in CHANNELS:
        raise Invalid(flaws=[Flaw("channel", worded("It is not one of {known}.", known=", ".join(CHANNELS)))])
    values = sorted({stored_address(channel, address) for address in addresses})
    found = [Flaw("addresses", fault) for value in values if (fault := text_fault(value))]
    if found:
        raise Invalid(flaws=found)
    return values


def _proof(how: str, proof: Proof | None, now: datetime) -> Proof:
    known = Proof(how) if proof is None else replace(proof, method=how)
    if found := proof_flaws(known, now=now):
        raise Invalid("The opt-out is not valid.", flaws=found)
    return known


async def _tell_holders(tx: Transaction, said: Statement, values: Sequence[str], scope: Scope, proof: Proof) -> None:
    """To the ledger of each, and upwards."""
    holders = await store.consent.holders(tx, said.channel, values)
    live = await store.consent.lock(tx, sorted({holder for holder, _ in holders}), alone=False)
    named = [one for value in values if holders for one in identifiers_at(said.channel, value)]
    numbers = {(one.value, namer.profile): namer.id for one, namer in (await store.consent.namers(tx, named)).items()}
    sayings = [
        Saying(person, replace(said, address=value, at=tx.now), proof, numbers.get((value, person), 0), scope)
        for person, value in sorted({(live[holder], value) for holder, value in holders if holder in live})
    ]
    await store.consent.append(tx, sayings)
    told = sorted({saying.profile for saying in sayings})
    await outlet.publish(tx, [ProfileChange(person, "opt_out", (said.channel,)) for person in told])
