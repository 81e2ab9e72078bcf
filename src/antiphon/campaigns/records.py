"""Records of campaigns."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

from antiphon.kernel.records import FailoverOn, MessageId, SegmentId, SourceId

State = Literal["draft", "running", "pilot_done", "paused", "done", "cancelled"]
Stage = Literal["pilot", "rest", "all"]


class Campaign(Struct, frozen=True):
    """One message for a segment. `pilot_share` is 0 to 1, None without a pilot; `source` is set at launch."""

    id: int
    name: str
    message: MessageId
    segment: SegmentId
    channels: tuple[str, ...]
    topic: str
    pilot_share: float | None
    failover_on: FailoverOn
    state: State
    stage: Stage
    source: SourceId | None
    created_at: datetime
    launched_at: datetime | None = None
    ended_at: datetime | None = None
