"""The PostgreSQL server inside the data folder: found, started, joined, restarted, stopped.

    with join_or_start(Path("data")) as database:
        connection = await asyncpg.connect(database.dsn)

`start` is for `serve`, `join_or_start` for every other command, `throwaway` for tests. All of it blocks, and is meant
for the time before an event loop runs; `restart` and `stop` may be called from a thread.
"""

from antiphon.kernel.postgres.folder import AlreadyServed, Unusable
from antiphon.kernel.postgres.founding import InitFailed
from antiphon.kernel.postgres.programs import NoPrograms
from antiphon.kernel.postgres.server import Server, StartFailed, Stopped, join_or_start, start, throwaway

__all__ = [
    "AlreadyServed",
    "InitFailed",
    "NoPrograms",
    "Server",
    "StartFailed",
    "Stopped",
    "Unusable",
    "join_or_start",
    "start",
    "throwaway",
]
