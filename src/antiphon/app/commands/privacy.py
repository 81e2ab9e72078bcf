"""erase, export and retention: what people may ask of whoever keeps their data, and how long it is kept."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from antiphon.app.commands.answers import say, tell
from antiphon.app.commands.context import current
from antiphon.app.commands.invocation import within

if TYPE_CHECKING:
    from antiphon.kernel.records import Identifier
    from antiphon.kernel.runtime import Runtime
    from antiphon.profiles.retention_view import View

Flag = Annotated[bool, Parameter(negative=(), show_default=False)]


def erase(who: str, /, *, keep_counts: Flag = False, dry_run: Flag = False) -> None:
    """Forget a person: everything that is known of them, under every name. It cannot be taken back.

    Their opt-outs hold on, as keyed hashes that name nobody.

    Parameters
    ----------
    who
        `kind:value`, such as `email:jo@shop.example`, or `id:number`; without a kind, an external id.
    keep_counts
        What was sent to them stays, under a number that names nobody, so that campaigns keep their counts.
    dry_run
        Do everything and take it back: says what would be erased.
    """
    from antiphon import profiles

    named = _named(who)
    tell(within(lambda runtime: profiles.erase(runtime.database, named, keep_counts=keep_counts, dry_run=dry_run)))


def export(who: str, /, *, out: Path, html: Flag = False, lang: str = "en") -> None:
    """Write everything that is known of a person to a file.

    Parameters
    ----------
    who
        `kind:value`, such as `email:jo@shop.example`, or `id:number`; without a kind, an external id.
    out
        The file; only you can read it. One that is there already is not touched.
    html
        For people: one HTML file without script. Otherwise JSON.
    lang
        Of the HTML: en, es or fr.
    """
    named = _named(who)
    size = within(lambda runtime: _export(runtime, named, out, html=html, lang=lang))
    if current.get().json:
        tell({"file": str(out), "bytes": size})
    else:
        say(f"{out}: {size} bytes")


async def _export(runtime: Runtime, who: Identifier, out: Path, *, html: bool, lang: str) -> int:
    """What is half written is taken away again."""
    from antiphon.profiles.erasure_http import document

    size = 0
    chunks = document(runtime, who, format="html" if html else "json", lang=lang)
    first = await anext(chunks)  # that there is nobody of this name is said before a file is made
    descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with open(descriptor, "wb") as file:  # noqa: ASYNC230  # nothing else runs in this process
            size += file.write(first)
            async for chunk in chunks:
                size += file.write(chunk)
    except BaseException:
        out.unlink(missing_ok=True)  # noqa: ASYNC240  # as above
        raise
    return size


def retention(*, apply: Flag = False) -> None:
    """How long what is kept, what the rules would let go now, and how large the database is in twelve months.

    The rules are the setting `retention`; a worker holds to them once a day.

    Parameters
    ----------
    apply
        Let go now of what is older than its rule.
    """
    if apply:
        from antiphon import profiles

        tell(within(lambda runtime: profiles.keep_to_rules(runtime.database)))
        return
    from antiphon.profiles.retention_view import view

    found = within(lambda runtime: view(runtime.database))
    if current.get().json:
        tell(found)
    else:
        _show(found)


def _show(found: View) -> None:
    rules = [
        {
            "rule": rule.name,
            "keep": rule.keep,
            "lets go before": rule.before,
            "rows now": rule.rows,
            "MB now": _mb(rule.bytes),
        }
        for rule in found.rules
    ]
    tell(rules)
    tables = [
        {
            "table": table.name,
            "rows": table.rows,
            "MB": _mb(table.bytes),
            "MB in 30 days": _mb(table.grown_bytes),
            "MB in a year": _mb(table.forecast_bytes),
            "with rules": _mb(table.forecast_bytes_with_rules),
        }
        for table in sorted(found.tables, key=lambda table: -table.bytes)[:15]
    ]
    tell(tables)
    say(
        f"{_mb(found.bytes)} MB now, {_mb(found.forecast_bytes)} MB in twelve months, "
        f"{_mb(found.forecast_bytes_with_rules)} MB with these rules."
    )


def _mb(size: int) -> float:
    return round(size / 1e6, 1)


def _named(who: str) -> Identifier:
    from antiphon import profiles
    from antiphon.profiles import kinds

    kind, colon, _ = who.partition(":")
    is_whole = colon and (kind == "id" or kinds.base(kind) in kinds.KINDS)
    return profiles.read_name(who if is_whole else f"external_id:{who}")
