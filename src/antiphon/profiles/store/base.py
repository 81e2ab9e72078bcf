"""The named statements of this part, and the columns that several of them take."""

from __future__ import annotations

from collections.abc import Collection

from antiphon.kernel.db import Queries
from antiphon.kernel.records import Identifier, directory_bucket

queries = Queries("profiles")


def columns(identifiers: Collection[Identifier]) -> dict[str, list[int] | list[str]]:
    return {
        "buckets": [directory_bucket(identifier.kind, identifier.value) for identifier in identifiers],
        "kinds": [identifier.kind for identifier in identifiers],
        "values": [identifier.value for identifier in identifiers],
    }
