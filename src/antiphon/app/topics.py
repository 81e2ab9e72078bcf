r"""What a live topic says: a document of plain values and of maps of numbers, cheap to read at any size.

| topic | document |
|---|---|
| `campaign:12` (or a name) | `state`, `stage`, `n` and `amount` by `channel/variant/kind`, `reasons` by word; `cost`, \
`progress`, `stops` by `kind/channel`, `stopped`, `prefer`, `recall_until`, `undo_shift_until`, the newest \
`failovers`, with addresses for whoever may read people |
| `segment:12` (or a name) | `state`, `size`, `entered_today`, `left_today`; `build` has `phase`, `done`, `steps` |
| `import:12` | `state`, `problem`, `rows`, `rows_estimated`, `rows_per_s`, `n` by what became of them |
| `overview`, `debugger` | `topics_home.py` |
| `providers`, `provider:3` | `topics_providers.py` |
| `sandbox` | `topics_sandbox.py`; under --sandbox only |
| `company` | `n` by `channel/kind` over what is not over, `campaigns`, `reasons`, `people` (estimate), `events_per_s` |
"""

from __future__ import annotations

import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable
from typing import Any, Protocol, runtime_checkable

from msgspec import to_builtins

from antiphon import campaigns, integrations, metrics, orchestration, segments
from antiphon.app.topics_home import DebuggerTopic, OverviewTopic
from antiphon.app.topics_providers import ProvidersTopic, ProviderTopic
from antiphon.app.topics_sandbox import SandboxTopic
from antiphon.kernel.db import Queries, Transaction
from antiphon.kernel.permissions import Permission
from antiphon.kernel.runtime import Runtime

Document = dict[str, Any]  # Any: JSON; values are plain, or maps that change key by key

queries = Queries("app")
TOPIC_CHARS_MAX = 200
RATE_OVER_S = 5.0
OVER = ("done", "cancelled")
FAILOVERS_MAX = 20
_MOVES = ("failed", "expired", "sent", "in_doubt", "delivered")
"""The first two lead to a failover."""


class Topic(Protocol):
    """`wake` is the database topic on which it may have changed; `permission`: what a listener must be allowed to."""

    wake: str
    permission: Permission

    async def read(self, tx: Transaction) -> Document: ...


@runtime_checkable
class Fetching(Protocol):
    """A topic that asks elsewhere too, before each look: no transaction is open while another server thinks."""

    async def fetch(self) -> None: ...


def topic_of(name: str, runtime: Runtime | None = None, *, addresses: bool = False) -> Topic | None:
    """None for a topic that there is not. Whether the campaign exists shows when it is read.

    `addresses`: whoever listens may know them.
    """
    kind, _, key = name.partition(":")
    if name in _SINGLE:
        return _SINGLE[name]()
    if name == "sandbox":
        return SandboxTopic(runtime) if runtime is not None and runtime.sandbox else None
    if not key or len(name) > TOPIC_CHARS_MAX or kind not in ("campaign", *_KEYED):
        return None
    return CampaignTopic(key, addresses=addresses) if kind == "campaign" else _KEYED[kind](key)


class CampaignTopic:
    permission: Permission = "campaigns.read"

    def __init__(self, key: str, *, addresses: bool) -> None:
        self._key, self._addresses = key, addresses
        self.wake = "campaigns"
        self._moved: tuple[int, ...] = ()
        self._failovers: list[Document] = []

    async def read(self, tx: Transaction) -> Document:
        """Raises NotFound."""
        campaign = await campaigns.find(tx, self._key)
        totals = []
        if campaign.source is not None:
            self.wake = f"source:{campaign.source}"
            totals = await metrics.totals(tx, [campaign.source])
        page = await campaigns.page_of(tx, campaign, totals=totals)
        return {
            "state": campaign.state,
            "stage": campaign.stage,
            **numbers(totals),
            "cost": round(sum(total.amount for total in totals), 6),
            "progress": to_builtins(page.progress),
            "stops": {f"{one.kind}/{one.channel}": {"share": one.share, "limit": one.limit} for one in page.watched},
            "stopped": to_builtins(page.stopped),
            "prefer": page.prefer,
            "recall_until": to_builtins(page.recall_until),
            "undo_shift_until": to_builtins(page.undo_shift_until),
            "failovers": await self._newest(tx, campaign.source, totals),
        }

    async def _newest(
        self, tx: Transaction, source: orchestration.SourceId | None, totals: list[metrics.Total]
    ) -> list[Document]:
        """Looked up again only when something has left, arrived, failed or fallen silent since."""
        if source is None:
            return []
        moved = tuple(sum(total.n for total in totals if total.kind == kind) for kind in _MOVES)
        if moved != self._moved and (any(moved[:2]) or self._failovers):
            found = await orchestration.failovers(tx, source, addresses=self._addresses, limit=FAILOVERS_MAX)
            self._failovers = [to_builtins(one) for one in found]
        self._moved = moved
        return self._failovers


class SegmentTopic:
    """`key` is an id or a name. A day is one of the company's calendar."""

    wake = "segments"
    permission: Permission = "segments.read"

    def __init__(self, key: str) -> None:
        self._key = key

    async def read(self, tx: Transaction) -> Document:
        """Raises NotFound."""
        live = await segments.live(tx, self._key)
        build = live.segment.build
        return {
            "state": live.segment.state,
            "size": live.size,
            "entered_today": live.entered_today,
            "left_today": live.left_today,
            "build": {} if build is None else {"phase": build.phase, "done": build.done, "steps": build.steps},
        }


class CompanyTopic:
    permission: Permission = "campaigns.read"

    def __init__(self) -> None:
        self.wake = "counts"
        self._taken: deque[tuple[float, int]] = deque()

    async def read(self, tx: Transaction) -> Document:
        found = [one for one in await campaigns.list_all(tx) if one.source is not None and one.state not in OVER]
        totals = await metrics.totals(tx, [one.source for one in found if one.source is not None])
        intake = await queries.row(tx, "read_intake")
        assert intake is not None
        n: dict[str, int] = defaultdict(int)
        of: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        for total in totals:
            n[f"{total.channel}/{total.kind}"] += total.n
            of[total.source][total.kind] += total.n
        return {
            "n": {key: value for key, value in n.items() if ":" not in key},
            "reasons": reasons(totals),
            "campaigns": {str(one.id): {"state": one.state, **_plain(of[one.source or 0])} for one in found},
            "people": intake["people"],
            "events_per_s": self._rate(intake["events"]),
        }

    def _rate(self, events: int) -> float:
        now = time.monotonic()
        if self._taken and events < self._taken[-1][1]:
            self._taken.clear()
        self._taken.append((now, events))
        while len(self._taken) > 2 and now - self._taken[1][0] > RATE_OVER_S:
            self._taken.popleft()
        since, before = self._taken[0]
        return round((events - before) / max(RATE_OVER_S, now - since), 1)


class ImportTopic:
    """An import's progress. `key` is its id."""

    wake = "imports"
    permission: Permission = "people.read"

    def __init__(self, key: str) -> None:
        self._key = key

    async def read(self, tx: Transaction) -> Document:
        """Raises NotFound."""
        return await integrations.read_progress(tx, self._key)


_KEYED: dict[str, Callable[[str], Topic]] = {
    "segment": SegmentTopic,
    "provider": ProviderTopic,
    "import": ImportTopic,
}
_SINGLE: dict[str, Callable[[], Topic]] = {
    "company": CompanyTopic,
    "overview": OverviewTopic,
    "providers": ProvidersTopic,
    "debugger": DebuggerTopic,
}


def numbers(totals: Iterable[metrics.Total]) -> Document:
    """`channel/variant/kind` → n, the same of money where there is any, and reasons apart."""
    counted = list(totals)
    plain = [total for total in counted if ":" not in total.kind]
    return {
        "n": {_key(total): total.n for total in plain},
        "amount": {_key(total): total.amount for total in plain if total.amount},
        "reasons": reasons(counted),
    }


def reasons(totals: Iterable[metrics.Total]) -> dict[str, int]:
    """How often a decision said no (`dropped`, `failed_all`) or not yet (`waiting`), by `act:reason`."""
    said: dict[str, int] = defaultdict(int)
    for total in totals:
        if ":" in total.kind:
            said[total.kind] += total.n
    return dict(said)


def _key(total: metrics.Total) -> str:
    return f"{total.channel}/{total.variant}/{total.kind}"


def _plain(counts: dict[str, int]) -> dict[str, int]:
    return {kind: n for kind, n in counts.items() if ":" not in kind}


def difference(before: Document, after: Document) -> Document:
    """What tells `after` to whoever knows `before`: of a map the changed keys, null for one that is gone."""
    changed: Document = {}
    for key in before.keys() | after.keys():
        old, new = before.get(key), after.get(key)
        if old == new:
            continue
        if isinstance(old, dict) and isinstance(new, dict):
            changed[key] = {k: new.get(k) for k in old.keys() | new.keys() if old.get(k) != new.get(k)}
        else:
            changed[key] = new
    return changed
