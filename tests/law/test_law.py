"""The law of the house, where imports cannot see it. Each rule names its escape."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from antiphon.kernel import statements
from antiphon.kernel.migrate import PARTS

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src/antiphon"
ORDER = (*PARTS, "journeys", "conversations", "integrations", "app")


def modules(*, under: Path = SOURCE) -> Iterator[tuple[Path, ast.Module]]:
    for file in sorted(under.rglob("*.py")):
        yield file, ast.parse(file.read_text("utf-8"))


def part_of(file: Path) -> str:
    return file.relative_to(SOURCE).parts[0].removesuffix(".py")


def imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_another_part_is_entered_by_its_front_door() -> None:
    """`from antiphon import profiles`, never `from antiphon.profiles.store import …`. app assembles, so it may."""
    entered = [
        f"{file.relative_to(ROOT)}: {name}"
        for file, tree in modules()
        if part_of(file) not in ("app", "__main__")
        for name in imports(tree)
        if name.startswith("antiphon.")
        and (parts := name.split("."))[1] not in ("kernel", part_of(file))
        and len(parts) > 2
        and (SOURCE / parts[1] / (parts[2] + ".py")).exists()
    ]
    assert not entered


def query_files_of(part: str) -> list[Path]:
    sql = SOURCE / part / "sql"
    return [*sql.glob("queries.sql"), *sorted(sql.glob("queries/*.sql"))]


def queries_of(part: str) -> dict[str, statements.Statement]:
    return statements.load(part)


@pytest.mark.parametrize("part", PARTS)
def test_every_statement_is_used_and_every_use_exists(part: str) -> None:
    """The first argument but one of rows, row, value, run is a statement of the part."""
    strings = {
        node.value
        for file, tree in modules(under=SOURCE / part)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    used = {
        call.args[1].value
        for _, tree in modules(under=SOURCE / part)
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr in ("rows", "row", "value", "run")
        and len(call.args) > 1
        and isinstance(call.args[1], ast.Constant)
        and isinstance(call.args[1].value, str)
        and re.fullmatch(r"[a-z][a-z0-9_]*", call.args[1].value)
    }
    known = set(queries_of(part))
    assert known - strings == set(), "statements that nothing uses"
    assert used - known == set(), "uses of statements that are not there"


def tables_of(part: str) -> set[str]:
    return _created(part, "schema.sql", "TABLE|SEQUENCE")


def views_of(part: str) -> set[str]:
    return _created(part, "views.sql", "VIEW|FUNCTION")


def _created(part: str, name: str, kinds: str) -> set[str]:
    file = SOURCE / part / "sql" / name
    text = file.read_text("utf-8") if file.exists() else ""
    return set(re.findall(rf"CREATE (?:OR REPLACE )?(?:{kinds}) (?:IF NOT EXISTS )?([a-z_]+)", text))


VERBS = re.compile(r"\b(SELECT|UPDATE|INSERT INTO|DELETE FROM)\b")


def sql_of(part: str) -> Iterator[tuple[str, str]]:
    """Where, and the text, of all SQL of a part, comments removed."""
    for name, statement in queries_of(part).items():
        yield name, statement.text
    for file in (SOURCE / part / "sql").glob("*.sql"):
        if file.name != "queries.sql":
            yield file.name, re.sub(r"--[^\n]*", "", file.read_text("utf-8"))
    for file, tree in modules(under=SOURCE / part):
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and VERBS.search(node.value):
                yield f"{file.name}:{node.lineno}", node.value


@pytest.mark.parametrize("part", PARTS)
def test_sql_sets_nothing_for_longer_than_a_transaction(part: str) -> None:
    """A connection goes back to the pool as it is: see `kernel.connection`. Migrations have one of their own."""
    kept = [
        where
        for where, text in sql_of(part)
        if text.count("set_config(") != len(re.findall(r"set_config\([^()]*,\s*true\)", text))
        or re.search(r"\bSET SESSION\b|\bpg_(try_)?advisory_lock|\bCREATE TEMP", text)
    ]
    assert [where for where in kept if not where.startswith("migrate.py")] == []


@pytest.mark.parametrize("part", PARTS)
def test_sql_names_only_own_tables_and_views_of_parts_below(part: str) -> None:
    foreign = {table for other in PARTS if other != part for table in tables_of(other)}
    above = {view for other in PARTS[PARTS.index(part) + 1 :] for view in views_of(other)}
    named = [
        f"{where}: {word}"
        for where, text in sql_of(part)
        for word in re.findall(r"\b(?:FROM|JOIN|INTO|UPDATE|USING)\s+(?:ONLY\s+)?([a-z_]+)\b", text)
        if (word in foreign or word in above) and word not in tables_of(part) | views_of(part)
    ]
    assert not named


def test_product_time_is_the_only_now_in_sql() -> None:
    """`clock_timestamp()` is wall time: for leases, pacing, breakers and notes of when something was done."""
    found = [
        f"{part}: {where}"
        for part in PARTS
        for where, text in sql_of(part)
        if re.search(
            r"\b(now|transaction_timestamp|statement_timestamp)\s*\(|\bcurrent_(timestamp|date|time)\b", text, re.I
        )
    ]
    assert not found


WALL = {"kernel/clock.py"}


def test_clock_is_the_only_source_of_now_in_python() -> None:
    found = [
        f"{file.relative_to(SOURCE)}:{node.lineno}"
        for file, tree in modules()
        if str(file.relative_to(SOURCE)) not in WALL
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr in ("now", "utcnow", "today")
        and isinstance(node.value, ast.Name)
        and node.value.id in ("datetime", "date")
    ]
    assert not found


def test_only_the_mark_makes_cleared_records() -> None:
    """`channels.send_many` takes nothing else: so nothing leaves that the mark did not let go."""
    makers = [
        str(file.relative_to(SOURCE))
        for file, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Cleared"
    ]
    assert makers == ["orchestration/store/delivering.py"]


def test_only_stores_and_the_kernel_run_statements() -> None:
    """`Queries` is made in a part's store (file or folder) and in the kernel."""
    makers = {
        str(file.relative_to(SOURCE))
        for file, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Queries"
    }
    strange = {name for name in makers if "/store" not in name and not name.startswith(("kernel/", "app/"))}
    assert not strange


def test_every_handler_is_made_with_a_permission() -> None:
    """Litestar's own decorators know no permission; kernel/http.py wraps them. Escape: `opt={"permission": …}`."""
    bare = [
        f"{file.relative_to(SOURCE)}: {name}"
        for file, tree in modules()
        if str(file.relative_to(SOURCE)) != "kernel/http.py"
        for name in imports(tree)
        if re.fullmatch(r"litestar\.(handlers\.)?(get|post|put|patch|delete|head)", name)
    ]
    assert not bare


CUSTOMER_TABLES = {
    table
    for part in PARTS
    for table in re.findall(
        r"CREATE TABLE ([a-z_]+) \(\s*bucket",
        "\n".join(re.sub(r"--[^\n]*", "", t) for w, t in sql_of(part) if w == "schema.sql"),
    )
}


@pytest.mark.parametrize("part", PARTS)
def test_statements_about_customers_name_their_bucket_or_say_why_not(part: str) -> None:
    """Escape: a comment in the statement that says `across buckets` and why."""
    known = {f"known_{table}" for table in CUSTOMER_TABLES} | CUSTOMER_TABLES
    texts = [file.read_text("utf-8") for file in query_files_of(part)]
    pieces = [piece for text in texts for piece in re.split(r"^-- name: ", text, flags=re.M)[1:]]
    silent = []
    for piece in pieces:
        words = set(re.findall(r"\b(?:FROM|JOIN|INTO|UPDATE|USING)\s+([a-z_]+)\b", piece))
        if words & known and "bucket" not in piece:
            silent.append(piece.split("\n", 1)[0])
    assert not silent


def test_the_order_of_parts_is_complete() -> None:
    folders = {file.parent.name for file in SOURCE.glob("*/__init__.py")}
    assert folders == set(ORDER)


HOSTS = re.compile(r"(pypi\.org|pythonhosted|registry\.npmjs|deb\.debian)", re.I)


def test_nothing_in_the_repository_names_a_package_registry_or_this_machine() -> None:
    here = re.compile(r"(^|[^A-Za-z0-9_.])/(work|root|home)/[A-Za-z.]")
    files = [file for folder in ("src", "docs", "bench", "requirements") for file in (ROOT / folder).rglob("*.*")]
    found = [
        str(file.relative_to(ROOT))
        for file in files
        if file.suffix in (".py", ".md", ".txt", ".sql", ".toml", ".html", ".css", ".js")
        and "__pycache__" not in file.parts
        and (HOSTS.search(text := file.read_text("utf-8", errors="replace")) or here.search(text))
    ]
    assert not found
