"""Nothing leaves round the mark: who tries is refused, and who writes such code is found."""

from __future__ import annotations

import ast
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from antiphon import channels
from antiphon.channels import Connections
from antiphon.kernel.records import Cleared, DeliveryId, EmailBody, NotSent, Outgoing, ProviderId
from antiphon.orchestration import deliver
from orchestration.stage import Desk, Stage
from orchestration.test_stopping import claimed, queued

SOURCE = Path(__file__).parents[2] / "src/antiphon"
MARK = "orchestration/store/delivering.py"


class Door:
    """One marked delivery, and the way out."""

    def __init__(self, stage: Stage, connections: Connections, mark: Cleared, desk: Desk) -> None:
        self.stage, self.connections, self.mark, self.desk = stage, connections, mark, desk
        self.provider = stage.providers["email"]

    def letter(self, delivery: int | None = None) -> Outgoing:
        body = EmailBody("a@example.org", "", "s", "h", "t")
        return Outgoing(DeliveryId(delivery or self.mark.delivery), "t", "p0@example.org", body, 0.0)

    async def send(self, *marks: Cleared, letters: list[Outgoing] | None = None):
        letters = letters if letters is not None else [self.letter(mark.delivery) for mark in marks]
        return await channels.send_many(self.connections, self.provider, marks, letters, within_s=0.5)


@pytest.fixture
async def door(stage: Stage):
    desk = await stage.account("email")
    await stage.account("sms")
    await queued(stage, 1, "email")
    (entry,) = await claimed(stage)
    connections = Connections(stage.runtime)
    await connections.refresh()
    assert await connections.ready(stage.providers["email"])
    (mark,) = await stage.database.repeat(lambda tx: deliver.clear(tx, [entry]))
    yield Door(stage, connections, mark, desk)
    await connections.close()


async def test_what_is_marked_leaves_once(door: Door) -> None:
    await door.send(door.mark)
    assert len(door.desk.left) == 1


async def test_a_mark_that_was_used_is_used_up(door: Door) -> None:
    await door.send(door.mark)
    for again in (door.mark, replace(door.mark, cleared_wall=time.time())):
        with pytest.raises(ValueError, match="one hand-over"):
            await door.send(again)
    assert len(door.desk.left) == 1


async def test_what_no_mark_names_does_not_leave(door: Door) -> None:
    with pytest.raises(ValueError, match="only cleared"):
        await door.send(door.mark, letters=[door.letter(), door.letter(12345 << 8)])
    with pytest.raises(ValueError, match="only cleared"):
        await door.send(letters=[door.letter()])
    assert door.desk.left == []


async def test_a_delivery_stands_in_a_batch_once(door: Door) -> None:
    with pytest.raises(ValueError, match="handed over once"):
        await door.send(door.mark, letters=[door.letter(), door.letter()])
    with pytest.raises(ValueError, match="handed over once"):
        await door.send(door.mark, replace(door.mark, lease=99), letters=[door.letter()])
    assert door.desk.left == []


async def test_a_mark_for_another_provider_opens_nothing(door: Door) -> None:
    with pytest.raises(ValueError, match="one provider"):
        await door.send(replace(door.mark, provider=door.stage.providers["sms"]), letters=[door.letter()])
    with pytest.raises(ValueError, match="one provider"):
        await door.send(replace(door.mark, provider=ProviderId(999)), letters=[door.letter()])
    assert door.desk.left == []


async def test_a_mark_older_than_its_time_lets_nothing_go_and_says_that_nothing_left(door: Door) -> None:
    """The provider is not asked at all, and is not taken to be down."""
    results = await door.send(replace(door.mark, cleared_wall=time.time() - 0.6))
    assert results == [NotSent("its mark is too old", late=True)]
    assert door.desk.left == []
    assert await door.connections.ready(door.provider)


async def test_no_mark_under_a_lease_that_is_not_mine_nor_twice_under_mine(stage: Stage) -> None:
    await stage.account("email")
    await queued(stage, 1, "email")
    ((delivery, lease),) = await claimed(stage)

    async def clear(*entries: tuple[DeliveryId, int]) -> list[Cleared]:
        return await stage.database.repeat(lambda tx: deliver.clear(tx, entries))

    assert await clear((delivery, lease + 1), (delivery, lease - 1)) == []
    assert len(await clear((delivery, lease), (delivery, lease))) == 1
    assert await clear((delivery, lease)) == []
    (row,) = await stage.sql("SELECT state, attempts FROM delivery")
    assert (row["state"], row["attempts"]) == ("sending", 1)


Find = Callable[[str, ast.Module], Iterator[str]]


def made_marks(name: str, tree: ast.Module) -> Iterator[str]:
    """Whoever calls `Cleared`, by whatever name it was imported, or changes one with `replace`."""
    if name == MARK:
        return
    names = {"Cleared"} | {
        alias.asname
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.name == "Cleared" and alias.asname
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None and _last(node.value) in names:
            yield f"{name}:{node.lineno} gives Cleared another name"
        if not isinstance(node, ast.Call):
            continue
        if _last(node.func) in names:
            yield f"{name}:{node.lineno} makes a mark"
        if _last(node.func) in ("convert", "decode") and any(_last(each) in names for each in ast.walk(node)):
            yield f"{name}:{node.lineno} reads a mark"
        if any(keyword.arg == "cleared_wall" for keyword in node.keywords):
            yield f"{name}:{node.lineno} changes a mark"


SENDERS = {"orchestration/deliver.py", "channels/connections.py"}


def handed_over(name: str, tree: ast.Module) -> Iterator[str]:
    """`send_many` is called in two places: the delivery loop calls the door, the door calls the adapter."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr == "send_many" and name not in SENDERS:
            yield f"{name}:{node.lineno} takes hold of send_many"
        if isinstance(node, ast.Call) and _last(node.func) == "getattr" and "send_many" in map(_text, node.args):
            yield f"{name}:{node.lineno} takes hold of send_many"
        if isinstance(node, ast.ImportFrom) and not name.startswith("channels/"):
            for alias in node.names:
                if alias.name == "send_many":
                    yield f"{name}:{node.lineno} imports send_many"


def knows_adapters(name: str, tree: ast.Module) -> Iterator[str]:
    """The registry opens adapters; nobody outside channels (the app assembles settings) names one."""
    if name.startswith("channels/"):
        return
    for node in ast.walk(tree):
        modules = []
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            modules = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Call) and _last(node.func) in ("import_module", "__import__"):
            modules = [_text(each) for each in node.args]
        for module in modules:
            if module.startswith(("antiphon.channels.adapters", "antiphon.channels.connections")):
                yield f"{name}:{node.lineno} imports {module}"  # type: ignore[attr-defined]  # of these three kinds


def writes_sending(name: str, tree: ast.Module) -> Iterator[str]:
    """Only the statement `clear` turns a delivery into `sending`; Python never gives that state as a value."""
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg in ("state", "states") and _text(node.value) == "sending":
            yield f"{name}:{node.value.lineno} writes sending"


def _last(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _text(node: ast.AST) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


CHECKS: list[Find] = [made_marks, handed_over, knows_adapters, writes_sending]


@pytest.mark.parametrize("check", CHECKS)
def test_no_module_goes_round(check: Find) -> None:
    found = [
        wrong
        for file in sorted(SOURCE.rglob("*.py"))
        for wrong in check(str(file.relative_to(SOURCE)), ast.parse(file.read_text("utf-8")))
    ]
    assert not found


PLANTED = [
    (made_marks, "mark = Cleared(DeliveryId(1), 1, ProviderId(1), wall())"),
    (made_marks, "from antiphon.kernel.records import Cleared as Go\nmark = Go(1, 1, 1, 0.0)"),
    (made_marks, "from antiphon.kernel import records\nmark = records.Cleared(1, 1, 1, 0.0)"),
    (made_marks, "Make = Cleared\nmark = Make(1, 1, 1, 0.0)"),
    (made_marks, "mark = msgspec.convert({}, Cleared)"),
    (made_marks, "mark = msgspec.json.decode(text, type=list[Cleared])"),
    (made_marks, "mark = replace(old, cleared_wall=wall())"),
    (handed_over, "async def f(adapter, batch):\n    await adapter.send_many(batch)"),
    (handed_over, "from antiphon.channels import send_many"),
    (handed_over, "send = channels.send_many"),
    (handed_over, "send = getattr(adapter, 'send_many')"),
    (knows_adapters, "from antiphon.channels.adapters.email import smtp"),
    (knows_adapters, "import antiphon.channels.adapters.sms.smpp"),
    (knows_adapters, "from antiphon.channels.connections import Connections"),
    (knows_adapters, "module = importlib.import_module('antiphon.channels.adapters.push.webpush')"),
    (writes_sending, "async def f(tx):\n    await queries.run(tx, 'write', state='sending')"),
]


@pytest.mark.parametrize(("check", "planted"), PLANTED)
@pytest.mark.parametrize("name", ["orchestration/decide.py", "campaigns/work.py", "pages/unsubscribe.py"])
def test_a_way_round_that_is_planted_is_found(check: Find, planted: str, name: str) -> None:
    """In the real text of a real module, which is clean without it."""
    text = (SOURCE / name).read_text("utf-8")
    assert list(check(name, ast.parse(text))) == []
    assert len(list(check(name, ast.parse(f"{text}\n\n{planted}\n")))) >= 1


def test_only_the_mark_writes_sending_in_sql() -> None:
    found = [
        f"{file.name}: {line.strip()}"
        for file in sorted(SOURCE.rglob("sql/**/*.sql"))
        if "migrations" not in file.parts
        for line in file.read_text("utf-8").splitlines()
        if "SET state = 'sending'" in line
    ]
    assert found == ["consent.sql: SET state = 'sending', attempts = d.attempts + 1, lease = d.lease + 1,"]
