"""One house for all stories of a test process: each story has customers, names and topics of its own."""

from __future__ import annotations

from collections.abc import Generator, Iterator

import pytest

from flows.house import House, house


@pytest.fixture(scope="session")
def shared_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("house")) as opened:
        opened.accounts()
        yield opened


@pytest.fixture
def home(shared_home: House) -> House:
    """The house with quiet customers; the journal tells from here on."""
    shared_home.habits()
    shared_home.journal.mark()
    return shared_home


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failure shows how the logs of its house end."""
    report = yield
    if report.failed and isinstance(item, pytest.Function):
        for used in {id(value): value for value in item.funcargs.values() if isinstance(value, House)}.values():
            report.sections.append(("the house", used.tail()))
    return report
