"""Companies, households, clubs: what they are, and who belongs to them.

What an account is told to be follows the rule of people's traits: of each trait the latest by event time counts, in
whatever order it comes. Somebody belongs since the earliest time we heard of.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from antiphon.kernel import outlet
from antiphon.kernel.db import Rival, Transaction
from antiphon.kernel.errors import Invalid, invalid
from antiphon.kernel.records import AccountChange, ProfileChange, ProfileId
from antiphon.profiles import store
from antiphon.profiles.check import account_flaws
from antiphon.profiles.records import Belonging
from antiphon.profiles.told import Told, fold, merge, read, told

MEMBERS_COUNTED = 10_000
PAGE_MAX = 1_000

Said = tuple[ProfileId, int, str, datetime, Mapping[str, Any] | None]
"""Who belongs, the identifier in whose name it was said, the account's key, event time, the account's traits."""


class Account(Struct, frozen=True):
    """`members` is counted up to 10,000; `more_members` says that there are more."""

    key: str
    created_at: datetime
    traits: dict[str, Any]
    members: int
    more_members: bool


class AccountMember(Struct, frozen=True):
    profile: ProfileId
    external_id: str | None
    since: datetime


async def keep_accounts(tx: Transaction, rows: Sequence[Said]) -> None:
    """Make the accounts, merge their traits, note who belongs; tell upwards what changed. What is dated after now is
    told now. Raises Rival where somebody was merged away meanwhile."""
    if not rows:
        return
    since: dict[tuple[ProfileId, str, int], datetime] = {}
    news: dict[str, Told] = {}
    for profile, who, key, at, traits in rows:
        heard = min(at, tx.now)
        since[profile, key, who] = min(heard, since.get((profile, key, who), heard))
        news[key] = merge(news.get(key, {}), told(traits or {}, heard))
    people = {profile for profile, _, _ in since}
    if len(await store.accounts.hold_members(tx, people)) < len(people):
        raise Rival("a profile was merged meanwhile")
    belongings = [(profile, key, who, at) for (profile, key, who), at in since.items()]
    joined = await store.accounts.keep_belongings(tx, belongings)
    changed = await _keep_traits(tx, news)
    await outlet.publish(tx, [ProfileChange(profile, "account", (key,)) for profile, key in sorted(joined)])
    await outlet.publish(tx, changed)


async def tell_account(tx: Transaction, key: str, traits: Mapping[str, Any]) -> None:
    """Lay traits over an account's, as told now; null removes. An unknown account is made. Raises Invalid."""
    if found := account_flaws(key, traits):
        raise Invalid("The account is not valid.", flaws=found)
    await outlet.publish(tx, await _keep_traits(tx, {key: told(traits, tx.now)}))


async def _keep_traits(tx: Transaction, news: Mapping[str, Told]) -> list[AccountChange]:
    """An account made here has no people but those who just joined, and they are told of by themselves."""
    made = await store.accounts.add(tx, news)
    changes: list[AccountChange] = []
    written: dict[str, tuple[str, str]] = {}
    held = await store.accounts.lock(tx, [key for key, said in news.items() if said])
    for key, (before, stored) in held.items():
        known = read(stored)
        merged = merge(known, news[key])
        after = fold([merged])
        if merged != known:
            written[key] = _json(after), _json(merged)
        if after != before and key not in made:
            names = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
            changes.append(AccountChange(key, tuple(names)))
    if written:
        await store.accounts.write(tx, written)
    return changes


async def leave_account(tx: Transaction, profile: ProfileId, key: str) -> bool:
    """False where they did not belong. Whoever names them together again makes them belong anew."""
    dropped = await store.accounts.drop(tx, profile, key)
    if dropped:
        await outlet.publish(tx, [ProfileChange(profile, "account", (key,))])
    return dropped > 0


async def accounts_of(tx: Transaction, profiles: Collection[ProfileId]) -> dict[int, list[Belonging]]:
    """By profile, for those who belong to any; whichever was joined last stands first."""
    return await store.accounts.of_people(tx, profiles) if profiles else {}


async def find_account(tx: Transaction, key: str) -> Account | None:
    row = await store.accounts.read(tx, key, members_max=MEMBERS_COUNTED)
    if row is None:
        return None
    members = min(row["members"], MEMBERS_COUNTED)
    return Account(row["key"], row["created_at"], row["traits"], members, row["members"] > MEMBERS_COUNTED)


async def members_of_account(tx: Transaction, key: str, *, after: int, limit: int) -> list[AccountMember]:
    """By profile, after the cursor: the last profile of the page before."""
    if not 1 <= limit <= PAGE_MAX:
        raise invalid("limit", "A number from 1 to {most} is needed.", most=PAGE_MAX)
    rows = await store.accounts.page(tx, key, after=after, limit=limit)
    return [AccountMember(row["profile_id"], row["external_id"], row["since"]) for row in rows]


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
