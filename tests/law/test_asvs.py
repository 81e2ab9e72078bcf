"""The page about OWASP ASVS: every requirement stands there once, every test and file that it names exists."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from msgspec import Struct

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src/antiphon"
PAGE = ROOT / "docs/reference/asvs.md"
HOWS = ("test", "reason", "not applicable", "not wholly")

# Sections of ASVS 5.0.0 with what they have of level 1 and 2: the higher levels come last or in between.
SECTIONS = """
1.1: 1-2; 1.2: 1-9; 1.3: 1-11; 1.4: 1-3; 1.5: 1-2; 2.1: 1-3; 2.2: 1-3; 2.3: 1-4; 2.4: 1-1; 3.2: 1-2; 3.3: 1-4; 3.4: 1-6;
3.5: 1-5; 3.7: 1-2; 4.1: 1-3; 4.2: 1-1; 4.3: 1-2; 4.4: 1-4; 5.1: 1-1; 5.2: 1-3; 5.3: 1-2; 5.4: 1-3; 6.1: 1-3; 6.2: 1-12;
6.3: 1-4; 6.4: 1-4; 6.5: 1-5; 6.6: 1-3; 6.8: 1-4; 7.1: 1-3; 7.2: 1-4; 7.3: 1-2; 7.4: 1-5; 7.5: 1-2; 7.6: 1-2; 8.1: 1-2;
8.2: 1-3; 8.3: 1-1; 8.4: 1-1; 9.1: 1-3; 9.2: 1-4; 10.1: 1-2; 10.2: 1-2; 10.3: 1-4; 10.4: 1-11; 10.5: 1-5; 10.6: 1-2;
10.7: 1-3; 11.1: 1-2; 11.2: 1-3; 11.3: 1-3; 11.4: 1-4; 11.5: 1-1; 11.6: 1-1; 12.1: 1-3; 12.2: 1-2; 12.3: 1-4; 13.1: 1-1;
13.2: 1-5; 13.3: 1-2; 13.4: 1-5; 14.1: 1-2; 14.2: 1-4; 14.3: 1-3; 15.1: 1-3; 15.2: 1-3; 15.3: 1-7; 16.1: 1-1; 16.2: 1-5;
16.3: 1-4; 16.4: 1-3; 16.5: 1-3; 17.1: 1-1; 17.2: 1-4; 17.3: 1-2
"""

RUNS = {"eval", "exec", "compile", "__import__"}
READS_ANYTHING = {"pickle", "marshal", "shelve", "yaml", "xml", "lxml", "dill"}
MAKES_MARKUP = re.compile(
    r"innerHTML|outerHTML|dangerouslySetInnerHTML|insertAdjacentHTML|document\.write|new Function|\beval\(|"
    r"window\.(onmessage|addEventListener\([\"']message)"
)
STORAGE = re.compile(r"localStorage|sessionStorage|indexedDB|document\.cookie")
KEPT = {
    "web/src/lib/i18n.ts": "the language",
    "web/src/routes/access/wishes.ts": "the language and the colours",
    "web/src/routes/segments/New.tsx": "a segment that is begun from a preset, until the tab is closed",
    "web/src/routes/segments/NewRule.tsx": "a segment that is being written, until the tab is closed",
    "web/src/routes/segments/begun.ts": "the same, read again",
}
"""What browsers keep. A new one is named here and at 14.3.3, where it may hold data of customers."""


class Row(Struct, frozen=True):
    number: str
    how: str
    where: str


@cache
def rows() -> tuple[Row, ...]:
    text = PAGE.read_text("utf-8")
    found = re.findall(r"^\| (\d+\.\d+\.\d+) \| [^|]+ \| ([^|]+) \| (.+) \|$", text, re.MULTILINE)
    return tuple(Row(*one) for one in found)


def required() -> Iterator[str]:
    for section, first, last in re.findall(r"(\d+\.\d+): (\d+)-(\d+)", SECTIONS):
        yield from (f"{section}.{number}" for number in range(int(first), int(last) + 1))


def test_every_requirement_of_both_levels_stands_there_once() -> None:
    """70 of level 1 and 183 of level 2, as the standard counts them."""
    wanted = list(required())
    assert len(wanted) == 70 + 183
    assert [row.number for row in rows()] == wanted, "in the order of the standard"


def test_every_chapter_has_its_table() -> None:
    chapters = [int(number) for number in re.findall(r"^## V(\d+) ", PAGE.read_text("utf-8"), re.MULTILINE)]
    assert chapters == list(range(1, 18))


def test_each_is_told_in_one_of_four_ways_and_the_sums_are_right() -> None:
    counted = Counter(row.how for row in rows())
    assert set(counted) == set(HOWS)
    told = re.findall(r"^\| (test|reason|not applicable|not wholly) \| (\d+) \|", PAGE.read_text("utf-8"), re.MULTILINE)
    assert dict(told) == {how: str(counted[how]) for how in HOWS}


def test_what_is_proved_names_its_test() -> None:
    assert [row.number for row in rows() if row.how == "test" and "::" not in row.where] == []


def test_every_test_that_is_named_exists() -> None:
    named = {(path, name) for row in rows() for path, name in re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", row.where)}
    assert named
    assert sorted(f"{path}::{name}" for path, name in named if name not in _tests(ROOT / path)) == []


def test_every_file_that_is_named_exists() -> None:
    named = {path for row in rows() for path in re.findall(r"`((?:src|tests|web|requirements)/[\w./-]+)", row.where)}
    assert named
    assert sorted(path for path in named if not (ROOT / path).is_file()) == []


@cache
def _tests(file: Path) -> frozenset[str]:
    tree = ast.parse(file.read_text("utf-8")) if file.is_file() else ast.Module([], [])
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return frozenset(node.name for node in functions if node.name.startswith("test_"))


def test_nothing_that_came_as_text_is_run() -> None:
    """No code from text, no shell, and nothing read that can name any type or load anything."""
    wrong = [
        f"{file.relative_to(ROOT)}:{node.lineno}"
        for file in SOURCE.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if _runs(node) or _imported(node) & READS_ANYTHING
    ]
    assert wrong == []


def _runs(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    called = ast.unparse(node.func)
    shell = any(keyword.arg == "shell" and ast.unparse(keyword.value) != "False" for keyword in node.keywords)
    return called in RUNS or called in ("os.system", "os.popen", "asyncio.create_subprocess_shell") or shell


def _imported(node: ast.AST) -> set[str]:
    if isinstance(node, ast.Import):
        return {alias.name.partition(".")[0] for alias in node.names}
    return {(node.module or "").partition(".")[0]} if isinstance(node, ast.ImportFrom) and not node.level else set()


def scripts() -> Iterator[tuple[str, str]]:
    """What runs in browsers: the app's sources without their tests, and the scripts of the pages we draw."""
    web = [
        file for file in (ROOT / "web/src").rglob("*.ts*") if "tests" not in file.parts and ".test." not in file.name
    ]
    for file in (*web, *(SOURCE / "app/browser/static").glob("*.js")):
        yield str(file.relative_to(ROOT)), file.read_text("utf-8")


def test_no_page_makes_markup_of_text() -> None:
    """A frame that shows a message's HTML is a sandbox; nothing listens to messages of other windows."""
    found = dict(scripts())
    assert [name for name, text in found.items() if MAKES_MARKUP.search(text)] == []
    assert [name for name, text in found.items() if "srcDoc" in text and "sandbox" not in text] == []


def test_what_browsers_keep_is_known() -> None:
    assert {name for name, text in scripts() if STORAGE.search(text)} - set(KEPT) == set()
