"""The only code that runs this part's SQL, a file per matter: rows in, records out, set-wise."""

from antiphon.profiles.store import (
    accounts,
    addresses,
    base,
    consent,
    duplicates,
    erasure,
    export,
    identity,
    ingest,
    partitions,
    provenance,
    reading,
    retention,
    search,
    topics,
    trait_schema,
)

__all__ = [
    "accounts",
    "addresses",
    "base",
    "consent",
    "duplicates",
    "erasure",
    "export",
    "identity",
    "ingest",
    "partitions",
    "provenance",
    "reading",
    "retention",
    "search",
    "topics",
    "trait_schema",
]
