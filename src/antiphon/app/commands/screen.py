"""The live numbers of `watch`: a table that is drawn anew, or lines."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table

    from antiphon.campaigns import CampaignView

Show = Callable[[Sequence["CampaignView"]], None]


@contextmanager
def shown(*, is_json: bool, tell: Callable[[object], None]) -> Iterator[Show]:
    """Each campaign is told when it has changed; on a terminal the table is redrawn."""
    if is_json or not sys.stdout.isatty():
        yield _Changes(tell if is_json else lambda view: print(_line(view), flush=True))
        return
    from rich.console import Console
    from rich.live import Live

    with Live(console=Console(), auto_refresh=False) as live:
        yield lambda views: live.update(_table(views), refresh=True)


class _Changes:
    """Tells what is not as it was told last."""

    def __init__(self, tell: Callable[..., None]) -> None:
        self._tell = tell
        self._told: dict[str, object] = {}

    def __call__(self, views: Sequence[CampaignView]) -> None:
        for view in views:
            if self._told.get(view.id) != view:
                self._told[view.id] = view
                self._tell(view)


def _line(view: CampaignView) -> str:
    return f"{view.name}: {view.state}; {_people(view)}; {_counts(view)}"


def _table(views: Sequence[CampaignView]) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("campaign", "state", "people", "channels", "doubles"):
        table.add_column(name, overflow="fold")
    for view in views:
        cells = (view.name, view.state, _people(view), _counts(view), str(view.doubles))
        table.add_row(*(Text(cell) for cell in cells))
    return table


def _people(view: CampaignView) -> str:
    return ", ".join(f"{state} {n:,}" for state, n in sorted(view.notifications.items())) or "nobody yet"


def _counts(view: CampaignView) -> str:
    """By channel, whatever the variant."""
    sums: dict[str, dict[str, int]] = {}
    for total in view.counts:
        kinds = sums.setdefault(total.channel, {})
        kinds[total.kind] = kinds.get(total.kind, 0) + total.n
    return "; ".join(
        f"{channel or 'any'}: " + ", ".join(f"{kind} {n:,}" for kind, n in kinds.items())
        for channel, kinds in sorted(sums.items())
    )
