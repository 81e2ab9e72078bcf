"""Room for what is uploaded: few at once, none that stands still, and never the last of the disk.

The database lives on that disk too: one that is full stops everything.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from antiphon.kernel.errors import Conflict, Invalid, NoRoom

AT_ONCE = 4
"""Of a web process."""
KEPT_FREE_BYTES = 1 << 30
LOOK_EVERY_BYTES = 16 << 20
STALLED_S = 60.0

_places = threading.BoundedSemaphore(AT_ONCE)


@contextlib.contextmanager
def one_of_few() -> Iterator[None]:
    """Raises Conflict while there are as many as may be."""
    if not _places.acquire(blocking=False):
        raise Conflict("{n} files are being uploaded already: wait until one is there.", n=AT_ONCE)
    try:
        yield
    finally:
        _places.release()


def find(place: Path, size: int) -> None:
    """For a file of `size` bytes in that folder, or its next one up that there is. Raises NoRoom."""
    there = next(folder for folder in (place, *place.absolute().parents) if folder.exists())
    if shutil.disk_usage(there).free < size + KEPT_FREE_BYTES:
        raise NoRoom(
            "The disk has too little room: {most} MB must stay free beside the file. Make room, or part the file.",
            most=KEPT_FREE_BYTES >> 20,
        )


async def flowing(place: Path, body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Looks at the disk now and then: others fill it too, and how long a body is need not be told before.

    Raises NoRoom, and Invalid when nothing comes any more.
    """
    chunks, since = aiter(body), 0
    while True:
        try:
            async with asyncio.timeout(STALLED_S):
                chunk = await anext(chunks, None)
        except TimeoutError as error:
            raise Invalid(
                "Nothing more of the file came for {n} seconds: upload it again.", n=int(STALLED_S)
            ) from error
        if chunk is None:
            return
        since += len(chunk)
        if since > LOOK_EVERY_BYTES:
            await asyncio.to_thread(find, place, 0)
            since = 0
        yield chunk
