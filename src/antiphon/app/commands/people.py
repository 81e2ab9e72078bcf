"""People: found by what they are called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter, validators

from antiphon.app.commands.answers import tell
from antiphon.app.commands.invocation import ask

if TYPE_CHECKING:
    from antiphon.kernel.db import Transaction

app = App(name="people", help="People: found by name, e-mail, phone or id.")
COLUMNS = ("id", "name", "identifiers")
Limit = Annotated[int, Parameter(validator=validators.Number(gte=1, lte=100))]


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
        return [
            {"id": str(one.id), "name": one.name, "identifiers": [f"{i.kind}:{i.value}" for i in one.identifiers]}
            for one in found.people
        ]

    tell(ask(work), columns=COLUMNS)
