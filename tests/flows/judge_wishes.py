"""What a person's statements mean for one topic, channel and address: read one key at a time, unlike a fold.

The rules are those of docs/howto/consent.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from flows.evidence import Row, plain

Key = tuple[str, str, str]
"""Topic, channel, address (empty: any)."""
Wish = tuple[str, str, bool]
"""State, basis, confirmed."""


def refusal(said: Sequence[Row], topic: Mapping[str, Any], channel: str, address: str, at: datetime) -> str:
    """What stands against this topic on this channel to this address, or nothing. One key at a time, unlike a fold."""
    name = topic["name"]
    keys = [(t, c, a) for a in (address, "") for t in (name, "*") for c in (channel, "*")]
    keys.sort(key=lambda key: (key[0] == "*", key[1] == "*", key[2] == ""))
    keys = list(dict.fromkeys(keys))
    wishes = [wish for key in keys if (wish := wish_at(said, key, at)) is not None]
    pause = paused(said, keys, at)
    if pause:
        return pause
    if wishes:
        if wishes[0][0] == "unwanted":
            return "unwanted"
    elif any(
        (wish_at(said, key, at) or ("",))[0] == "wanted"
        for key in {(row["topic"], row["channel"], plain(row["channel"], row["address"] or "")) for row in said}
        if key[0] == name
    ):
        return "another channel is wanted"
    elif topic.get("state") == "unwanted" or (topic.get("channels") and channel not in topic["channels"]):
        return "not by default"
    needs = topic.get("needs", "nothing")
    if needs == "nothing":
        return ""
    for state, basis, confirmed in wishes:
        if state == "unwanted":
            break
        if basis == "consent" and (confirmed or needs == "consent"):
            return ""
    return f"without {needs}"


def covers(row: Row, key: Key) -> bool:
    at = plain(row["channel"], row["address"] or "") if row["address"] else ""
    return row["topic"] in ("*", key[0]) and row["channel"] in ("*", key[1]) and at in ("", key[2])


def is_key(row: Row, key: Key) -> bool:
    return (row["topic"], row["channel"], plain(row["channel"], row["address"]) if row["address"] else "") == key


def wish_at(said: Iterable[Row], key: Key, at: datetime) -> Wish | None:
    """(state, basis, confirmed) that stands at exactly this key; None: nothing, or it has run out."""
    stands: Wish | None = None
    ends: datetime | None = None
    for row in said:
        state = row["state"]
        if state not in ("wanted", "unwanted", "unset") or not covers(row, key):
            continue
        if not is_key(row, key):
            if stands and (state != "wanted" or stands[0] == "unwanted" or stands[1] != "consent"):
                stands, ends = None, None
        elif state == "unset":
            stands, ends = None, None
        else:
            alive = stands and stands[0] == "wanted" and stands[1] and not (ends and ends <= row["at"])
            if state == "wanted" and not row["basis"] and alive:
                continue
            stands, ends = (state, row["basis"], row["confirmed_at"] is not None), row["expires_at"]
    if stands is None or (stands[0] == "wanted" and ends and ends <= at):
        return None
    return stands


def paused(said: Sequence[Row], keys: Iterable[Key], at: datetime) -> str:
    """Any pause that holds, from the narrowest outwards, up to an exception."""
    for key in keys:
        until: datetime | None = None
        exception = False
        for place, row in enumerate(said):
            if row["state"] not in ("paused", "resumed") or not covers(row, key):
                continue
            if is_key(row, key):
                broader = row["state"] == "resumed" and any(pause_stands(said[:place], other) for other in wider(key))
                until, exception = (row["until"], False) if row["state"] == "paused" else (None, broader)
            elif row["state"] == "resumed" or exception or (until is not None and until <= row["until"]):
                until, exception = None, False
        if exception:
            return ""
        if until is not None and until > at:
            return f"paused until {until}"
    return ""


def wider(key: Key) -> list[Key]:
    every = {(t, c, a) for t in (key[0], "*") for c in (key[1], "*") for a in (key[2], "")}
    return sorted(every - {key})


def pause_stands(said: Sequence[Row], key: Key) -> bool:
    """Whatever its end: a pause was said here and not taken back."""
    stands = False
    for row in said:
        if row["state"] in ("paused", "resumed") and covers(row, key):
            stands = row["state"] == "paused" if is_key(row, key) else stands and row["state"] == "paused"
    return stands
