"""What the product has, its pages name: nobody has to read the source to learn that something is there."""

from __future__ import annotations

import ast
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_type_hints

import msgspec
import pytest
from litestar.handlers import HTTPRouteHandler
from msgspec import Struct

from antiphon.app import permissions_page
from antiphon.app.permissions_page import narrowest_scope
from antiphon.app.web import application
from antiphon.channels.registry import ADAPTERS
from antiphon.content import parse as parse_message
from antiphon.kernel.settings import Settings
from antiphon.orchestration.records import DeliveryState, NotificationState, Reason
from antiphon.segments.language.parse import parse as parse_rule

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
SOURCE = ROOT / "src/antiphon"
PAGES = sorted([*DOCS.rglob("*.md"), *(ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md"))])
FORBIDDEN = ("pypi.org", "pythonhosted", "registry.npmjs", "proxy.golang", "/work/", "/home/", "site-packages/antiphon")


def page(name: str) -> str:
    return (DOCS / name).read_text("utf-8")


def headings(text: str) -> set[str]:
    return {found.strip() for found in re.findall(r"^#+ (.+)$", _without_code(text), re.MULTILINE)}


def first_cells(text: str) -> set[str]:
    """What stands in backticks in the first column of the tables."""
    rows = re.findall(r"^\| ([^|]*)\|", text, re.MULTILINE)
    return {word for row in rows for word in re.findall(r"`([^`]+)`", row)}


def _without_code(text: str) -> str:
    return re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)


def trees() -> Iterator[tuple[Path, ast.Module]]:
    for file in sorted(SOURCE.rglob("*.py")):
        yield file, ast.parse(file.read_text("utf-8"))


def test_every_setting_has_a_heading() -> None:
    names = {field.name for field in msgspec.structs.fields(Settings)}
    assert names - headings(page("reference/settings.md")) == set()


def test_every_field_of_a_setting_is_named() -> None:
    hints = [part for kind in get_type_hints(Settings).values() for part in (kind, *get_args(kind))]
    inner = [kind for kind in hints if isinstance(kind, type) and issubclass(kind, Struct)]
    assert inner
    text = page("reference/settings.md")
    missing = [field.name for kind in inner for field in msgspec.structs.fields(kind) if f"`{field.name}`" not in text]
    assert not missing


def test_every_adapter_has_a_heading_and_every_field_of_its_settings_a_line() -> None:
    assert set(ADAPTERS) - headings(page("reference/adapters.md")) == set()
    told = page("howto/connect-a-provider.md")
    missing = [
        f"{name}.{field.name}"
        for name, entry in ADAPTERS.items()
        for field in msgspec.structs.fields(entry.settings)
        if f"`{field.name}`" not in told
    ]
    assert not missing


def routes() -> Iterator[tuple[str, str]]:
    """`GET /api/v1/profiles/{who}` and the permission. Litestar's own (the OpenAPI document) name none."""
    for route in application(None).routes:
        for handler in getattr(route, "route_handlers", []):
            permission = handler.opt.get("permission")
            if isinstance(handler, HTTPRouteHandler) and permission is not None:
                path = re.sub(r"\{(\w+):\w+\}", r"{\1}", route.path).replace("/o/{name}", "/o/{token}.gif")
                for method in set(handler.http_methods) - {"OPTIONS", "HEAD"}:
                    yield f"{method} {path}", permission


def test_every_route_has_a_line_with_its_permission() -> None:
    told = dict(re.findall(r"^\| `([A-Z]+ /[^`]*)` \| ([^|]*)\|", page("reference/http.md"), re.MULTILINE))
    wrong = []
    for route, permission in routes():
        if route not in told:
            wrong.append(f"{route} has no line")
        elif (needs := _key_for(permission)) and not told[route].startswith(needs):
            wrong.append(f"{route} needs {needs}, the page says {told[route]}")
    assert not wrong


def _key_for(permission: str) -> str | None:
    """The narrowest scope of a key, or the permission where no key has it. None: the page may say what it likes."""
    if permission in ("sandbox", "public"):
        return "sandbox" if permission == "sandbox" else None
    return narrowest_scope(permission) or permission


def test_every_route_of_the_page_exists() -> None:
    there = {route for route, _ in routes()}
    told = re.findall(r"^\| `([A-Z]+ /(?!v1/)[^`]*)` \|", page("reference/http.md"), re.MULTILINE)
    assert told
    assert [route for route in told if route not in there] == []


def recorded_events() -> set[str]:
    """Names such as `Email Sent` that the timeline tells."""
    form = re.compile(r"(Email|SMS|Push|Voice|Chat|Link) [A-Z][a-z]+( [A-Z][a-z]+)*")
    return {
        node.value
        for file, tree in trees()
        if "orchestration" in file.parts or file.name == "engagement.py"
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and form.fullmatch(node.value)
    }


def test_every_event_that_the_product_records_has_a_line() -> None:
    found = recorded_events()
    assert {"Email Sent", "SMS Replied"} <= found
    assert found - first_cells(page("reference/events.md")) == set()


def error_codes() -> set[str]:
    return {
        statement.value.value
        for _, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        for statement in node.body
        if isinstance(statement, ast.AnnAssign | ast.Assign)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
        and statement.value.value
        and "code" in ast.unparse(statement).split("=")[0].split(":")[0]
    }


def test_every_error_code_has_a_line() -> None:
    found = error_codes()
    assert {"internal", "busy", "bad_token"} <= found
    assert found - first_cells(page("reference/errors.md")) == set()


def log_events() -> set[str]:
    return {
        node.args[0].value
        for _, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id in ("log", "_log", "logger")
        and node.args
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, str)
    }


def test_every_log_event_has_a_line_and_every_line_an_event() -> None:
    text = page("howto/operate.md").partition("\n## Log\n")[2]
    told = {word for word in first_cells(text) if "." in word}
    assert log_events() == told


@pytest.mark.parametrize("words", [DeliveryState, NotificationState, Reason])
def test_every_word_in_answers_has_a_line(words: Any) -> None:
    assert set(words.__args__) - first_cells(page("reference/words.md")) == set()


def test_every_dependency_has_a_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    names = {re.split(r"[\[<>=!~ ]", line)[0] for line in project["dependencies"]}
    assert names - first_cells(page("decisions/0006-dependencies.md")) == set()


def test_every_table_in_the_glossary_exists() -> None:
    schema = "\n".join(file.read_text("utf-8") for file in SOURCE.glob("*/sql/schema.sql"))
    tables = set(re.findall(r"CREATE (?:UNLOGGED )?TABLE (\w+)", schema))
    places = re.findall(r"\((`[^)]*)\)", page("glossary.md"))
    named = {word for place in places for word in re.findall(r"`(\w+)(?:\.\w+)?`", place)}
    columns = {"bucket", "due_at", "lease_until", "lease", "version", "doubles"}
    assert named - columns - tables == set()


def anchors(text: str) -> set[str]:
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in headings(text)}


@pytest.mark.parametrize("file", PAGES, ids=lambda file: str(file.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(file: Path) -> None:
    text = _without_code(file.read_text("utf-8"))
    wrong = []
    for link in re.findall(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (file.parent / path).resolve() if path else file
        if not target.is_file() or (anchor and anchor not in anchors(target.read_text("utf-8"))):
            wrong.append(link)
    assert not wrong


@pytest.mark.parametrize("file", PAGES, ids=lambda file: str(file.relative_to(ROOT)))
def test_pages_name_no_registry_and_no_machine(file: Path) -> None:
    text = file.read_text("utf-8")
    assert [word for word in FORBIDDEN if word in text] == []


def json_blocks(text: str) -> list[Any]:
    return [json.loads(block) for block in re.findall(r"^ *```json\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL)]


@pytest.mark.parametrize("file", PAGES, ids=lambda file: str(file.relative_to(ROOT)))
def test_json_on_pages_is_what_the_product_takes(file: Path) -> None:
    """It is JSON; a rule is a rule, a message is a message."""
    for document in json_blocks(file.read_text("utf-8")):
        if isinstance(document, dict) and "rule" in document and "version" in document:
            parse_rule(document)
        elif isinstance(document, dict) and "locales" in document:
            parse_message(document)


def test_the_page_of_permissions_is_what_the_guard_does() -> None:
    """Make it anew: python -m antiphon.app.permissions_page > docs/reference/permissions.md"""
    assert page("reference/permissions.md") == permissions_page.page()


def commands() -> set[str]:
    """Such as `serve` and `campaigns launch`, without the groups."""
    named = {title.removeprefix("antiphon ") for title in headings(page("reference/commands.md"))}
    return named - {name.split()[0] for name in named if " " in name}


@pytest.mark.parametrize("file", PAGES, ids=lambda file: str(file.relative_to(ROOT)))
def test_commands_on_pages_exist(file: Path) -> None:
    known = commands()
    blocks = re.findall(r"^ *```console\n(.*?)^ *```", file.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    lines = [line.lstrip(" $") for block in blocks for line in block.splitlines()]
    wrong = []
    for line in lines:
        words = re.sub(r"^(\S*/)?antiphon ", "", line).split()
        if re.match(r"(\S*/)?antiphon [a-z]", line) and not {words[0], " ".join(words[:2])} & known:
            wrong.append(line)
    assert not wrong


def test_every_page_is_in_the_table_of_contents() -> None:
    listed = {(DOCS / link).resolve() for link in re.findall(r"\]\(([^)#]+\.md)", page("README.md"))}
    assert {file for file in DOCS.rglob("*.md") if file.name != "README.md"} - listed == set()
