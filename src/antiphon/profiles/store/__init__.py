"""The only code that runs this part's SQL, a file per matter: rows in, records out, set-wise."""

from antiphon.profiles.store import accounts, addresses, base, consent, ingest, partitions, reading

__all__ = ["accounts", "addresses", "base", "consent", "ingest", "partitions", "reading"]
