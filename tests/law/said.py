"""Finds, in the code, the forms of what the server says to people."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import antiphon

SOURCE = Path(antiphon.__file__).parent
ROOTS = {"Problem"}
NO_SENTENCE = {"Refused", "Forged", "Stopped"}
"""Whose argument is a code."""
TO_PROGRAMS = re.compile(
    r"app/(cli|commands/|demo/|sandbox|permissions_page)"
    r"|kernel/(postgres/|migrate|secrets|paths)"
    r"|channels/(hooks|adapters/sms/|adapters/.*_events)"
    r"|integrations/(calls|intake|body|segment_api|alias|people|imports/importer)"
)
"""What these say goes to a terminal, to a provider's webhook or to the programs that bring events in: English."""


@cache
def forms() -> dict[str, str]:
    """Every form with a place where it is said."""
    trees = {path: ast.parse(path.read_text()) for path in sorted(SOURCE.rglob("*.py"))}
    errors = _errors(list(trees.values()))
    found: dict[str, str] = {}
    for path, tree in trees.items():
        name = path.relative_to(SOURCE).as_posix()
        if not TO_PROGRAMS.match(name):
            for line, form in _forms(tree, errors, name):
                found.setdefault(form, f"{name}:{line}")
    return found | _of_liquid()


def _of_liquid() -> dict[str, str]:
    """What the composer says of tags and filters."""
    told = tomllib.loads((SOURCE / "content/data/liquid.toml").read_text("utf-8"))
    return {words[0]: f"liquid.toml: {name}" for group in told.values() for name, words in group.items()}


@cache
def constants() -> set[str]:
    """Every text in the code, that of programs too."""
    trees = [ast.parse(path.read_text()) for path in SOURCE.rglob("*.py")]
    texts = {node.value for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    return {text.split("\n")[0] for text in texts if isinstance(text, str)} | {t for t in texts if isinstance(t, str)}


def _errors(trees: list[ast.Module]) -> set[str]:
    classes = {
        c.name: {_name(base) for base in c.bases} for t in trees for c in ast.walk(t) if isinstance(c, ast.ClassDef)
    }
    found = set(ROOTS)
    while more := {name for name, bases in classes.items() if bases & found} - found:
        found |= more
    return found - NO_SENTENCE


def _forms(tree: ast.Module, errors: set[str], name: str) -> Iterator[tuple[int, str]]:
    tables = {_name(t): a.value for a in ast.walk(tree) if isinstance(a, ast.Assign) for t in a.targets}
    tables |= {_name(a.target): a.value for a in ast.walk(tree) if isinstance(a, ast.AnnAssign) and a.value}
    for node in ast.walk(tree):
        said: list[ast.expr] = []
        if isinstance(node, ast.ClassDef) and node.name in errors and (doc := ast.get_docstring(node)):
            yield node.lineno, doc.split("\n")[0]
        elif isinstance(node, ast.Call):
            said = _arguments(node, errors, name)
        elif isinstance(node, ast.Yield | ast.Return) and name == "orchestration/quiet.py":
            said = [node.value.elts[-1]] if isinstance(node.value, ast.Tuple) else []
        for each in said:
            yield from ((each.lineno, text) for text in _texts(each, tables))


def _arguments(call: ast.Call, errors: set[str], name: str) -> list[ast.expr]:
    at = {"invalid": 1, "Flaw": 1, "worded": 0, "Wait": 2, "_dropped": 2, "_parked": 2}
    if name.startswith(("content/", "segments/language/")):
        at |= {"add": 1, "flaw": 1, "_misfit": 1, "refusal": 0, "expect": 0, "_as_it_is": 2}
    place = 0 if _name(call.func) in errors else at.get(_name(call.func))
    given = [] if place is None else call.args[place : place + 1]
    return given + [each.value for each in call.keywords if each.arg == "because"]


def _texts(given: ast.expr, tables: dict[str, ast.expr]) -> Iterator[str]:
    """What it can be: a text, one of two, what a name stands for, one of a table."""
    if isinstance(given, ast.Constant):
        if isinstance(given.value, str) and given.value:
            yield given.value
    elif isinstance(given, ast.IfExp | ast.BoolOp):
        for part in [given.body, given.orelse] if isinstance(given, ast.IfExp) else given.values:
            yield from _texts(part, tables)
    elif isinstance(given, ast.Name) and given.id in tables:
        yield from _texts(tables[given.id], {name: table for name, table in tables.items() if name != given.id})
    elif isinstance(given, ast.Subscript) and isinstance(table := tables.get(_name(given.value)), ast.Dict):
        for value in table.values:
            yield from _texts(value, {})


def _name(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
