"""How we know what we know of a person: who named them so, which numbers lead to them, who opted out where, who told us
which trait."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from antiphon.kernel.db import Transaction
from antiphon.kernel.records import Identifier, ProfileId
from antiphon.profiles import store
from antiphon.profiles.consent_records import Scope
from antiphon.profiles.records import Address, Profile
from antiphon.profiles.told import Told, merge, read

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class KnownAs(Struct, frozen=True):
    """An identifier. `seen_at` is to the day. `shared`: so many people have it that it says nothing about anybody."""

    identifier: Identifier
    source: str
    first_at: datetime
    seen_at: datetime
    verified_at: datetime | None
    shared: bool


class MergedIn(Struct, frozen=True):
    """A profile number that leads here."""

    number: ProfileId
    at: datetime
    by: str


class OptedOut(Struct, frozen=True):
    channel: str
    value: str
    at: datetime
    how: str
    scope: Scope


class TraitOrigin(Struct, frozen=True):
    """When the value was told, and by whom: empty where we cannot know any more."""

    at: datetime
    source: str


class Provenance(Struct, frozen=True):
    """The strongest identifier stands first."""

    identifiers: list[KnownAs]
    numbers: list[MergedIn]
    opt_outs: dict[tuple[str, str], OptedOut]
    traits: dict[str, TraitOrigin]


async def provenance_of(tx: Transaction, profile: Profile) -> Provenance:
    """Five statements, whatever the person."""
    own = await store.identity.identifiers_of(tx, profile.id)
    told = (await store.ingest.read_told(tx, [profile.id])).get(profile.id, {})
    sources = await store.provenance.sources_of_traits(tx, profile.id)
    return Provenance(
        [KnownAs(one.identifier, one.source, one.first_at, one.seen_at, one.verified_at, one.shared) for one in own],
        [
            MergedIn(number, at, because.get("by", ""))
            for number, at, because in await store.provenance.numbers(tx, profile.id)
        ],
        await _opt_outs(tx, profile.addresses),
        _origins({who: read(one) for who, one in told.items()}, {one.id: one for one in own}, sources),
    )


async def _opt_outs(tx: Transaction, addresses: list[Address]) -> dict[tuple[str, str], OptedOut]:
    rows = store.export.opt_outs(tx, [(one.channel, one.value) for one in addresses if one.opted_out])
    return {
        (row["channel"], row["value"]): OptedOut(row["channel"], row["value"], row["at"], row["how"], row["scope"])
        async for row in rows
    }


def _origins(
    told: Mapping[int, Told], own: Mapping[int, store.identity.Own], sources: Mapping[str, str]
) -> dict[str, TraitOrigin]:
    """Of each trait the telling that counts, by the rule of `told.fold`."""
    merged: Told = {}
    whos: dict[str, int] = {}
    for who, said in sorted(told.items()):
        latest = merge(merged, said)
        whos |= {name: who for name in said if latest[name] != merged.get(name)}
        merged = latest
    found = {}
    for name, (us, _) in merged.items():
        teller = own.get(whos[name])
        source = sources.get(name) or (teller.source if teller else "")
        found[name] = TraitOrigin(_EPOCH + timedelta(microseconds=us), source)
    return found
