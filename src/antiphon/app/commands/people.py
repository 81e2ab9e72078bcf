"""People: found by what they are called, and those who may be one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter, validators

from antiphon.app.commands.answers import tell
from antiphon.app.commands.invocation import ask, within

if TYPE_CHECKING:
    from antiphon.kernel.db import Transaction
    from antiphon.kernel.runtime import Runtime
    from antiphon.profiles import Duplicate, FoundPerson

app = App(name="people", help="People: found by name, e-mail, phone or id.")
COLUMNS = ("id", "name", "identifiers")
PAIR_COLUMNS = ("score", "one", "other", "reasons", "kept_apart")
Limit = Annotated[int, Parameter(validator=validators.Number(gte=1, lte=100))]
PairsLimit = Annotated[int, Parameter(validator=validators.Number(gte=1, lte=10_000))]


@app.command
def find(text: str, /, *, limit: Limit = 25) -> None:
    """People whose name, e-mail, phone or other identifier begins so; several words must all apply.

    Parameters
    ----------
    text
        Such as `ana pere`, `ana@`, `07700 900` or `crm-42`.
    limit
        At most so many.
    """
    from antiphon import profiles

    async def work(tx: Transaction) -> list[dict[str, object]]:
        found = await profiles.find_people(tx, text, limit=limit)
        return [{"id": str(one.id), "name": one.name, "identifiers": _known_as(one)} for one in found.people]

    tell(ask(work), columns=COLUMNS)


@app.command
def duplicates(*, limit: PairsLimit = 100) -> None:
    """Pairs of people who may be one, with the reasons and the rules that keep them apart.

    It goes through everybody, two thousand at a time, until it has enough.

    Parameters
    ----------
    limit
        At most so many pairs.
    """
    tell(within(lambda runtime: _pairs(runtime, limit)), columns=PAIR_COLUMNS)


async def _pairs(runtime: Runtime, limit: int) -> list[dict[str, object]]:
    from antiphon import profiles

    found: list[Duplicate] = []
    cursor: str | None = None
    while len(found) < limit:
        async with runtime.database.transaction(read_only=True) as tx:
            page = await profiles.find_duplicates(tx, cursor=cursor)
        found += page.duplicates
        cursor = page.cursor
        if cursor is None:
            break
    return [_pair(one) for one in found[:limit]]


def _pair(one: Duplicate) -> dict[str, object]:
    return {
        "score": one.score,
        "one": {"id": str(one.one.id), "name": one.one.name},
        "other": {"id": str(one.other.id), "name": one.other.name},
        "reasons": [reason.says for reason in one.reasons],
        "kept_apart": [kept.says for kept in one.kept_apart],
    }


def _known_as(one: FoundPerson) -> list[str]:
    return [f"{identifier.kind}:{identifier.value}" for identifier in one.identifiers]
