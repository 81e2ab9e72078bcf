"""Whatever a command is given, it says what is wrong: exit code 1 refused, 2 wrong usage, never a traceback."""

from __future__ import annotations

import re

import pytest

from flows.house import House
from flows.samples import message


@pytest.fixture(scope="module")
def drafts(shared_home: House) -> None:
    shared_home.post("/messages", message("drafted"))
    shared_home.post("/segments", {"name": "drafted", "rule": {"event": "never"}})
    shared_home.campaign(name="drafted", message="drafted", segment="drafted", channels=["email"])


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["segments", "count", "nowhere.json"], 1, "nowhere.json"),
        (["segments", "count", "{bad}"], 1, "line 1"),
        (["segments", "count", "{rule}"], 1, "rule.within"),
        (["segments", "count", "{rule}", "--as-of", "yesterday"], 2, "yesterday"),
        (["segments", "create", "drafted", "{good}"], 1, "drafted"),
        (["segments", "members", "nowhere"], 1, "nowhere"),
        (["segments", "explain", "drafted", "nobody"], 1, "kind"),
        (["messages", "create", "{bad}"], 1, "line 1"),
        (["messages", "create", "{rule}"], 1, "name"),
        (["campaigns", "create", "{rule}"], 1, "event"),
        (["campaigns", "launch", "nowhere"], 1, "nowhere"),
        (["campaigns", "resume", "drafted"], 1, "draft"),
        (["campaigns", "shift", "drafted", "--channel", "pigeon"], 1, "channel: "),
        (["campaigns", "shift", "drafted", "--channel", "email", "--share", "half"], 2, "half"),
        (["import", "people", "nowhere.csv"], 1, "nowhere.csv"),
        (["import", "people", "{bad}", "--map", "{rule}"], 1, "map"),
        (["import", "events", "{good}"], 1, "time"),
        (["why", "external_id:nobody"], 1, "nobody"),
        (["why", "nobody"], 1, "kind"),
        (["keys", "create", "--name", "x", "--scope", "all"], 2, "all"),
        (["settings", "set", "colour", "blue"], 1, "colour"),
        (["watch", "--campaign", "nowhere"], 1, "nowhere"),
        (["fly"], 2, "fly"),
        (["serve", "--port", "99999"], 2, "99999"),
    ],
    ids=lambda part: " ".join(part) if isinstance(part, list) else None,
)
def test_a_command_says_what_is_wrong(home: House, drafts: None, arguments: list[str], code: int, said: str) -> None:
    files = {
        "bad": '{"event": ',
        "rule": '{"event": "a", "within": "soon"}',
        "good": '{"event": "a"}',
    }
    for name, text in files.items():
        (home.folder / f"{name}.json").write_text(text)
    done = home.run(*(one.format(**{name: str(home.folder / f"{name}.json") for name in files}) for one in arguments))
    assert done.returncode == code, done.stderr
    assert said in done.stderr, done.stderr
    assert not re.search("Traceback|did not foresee", done.stderr), done.stderr
    assert done.stdout == ""


def test_a_second_serve_on_one_data_folder_is_refused(home: House) -> None:
    done = home.run("serve", "--port", "1")
    assert done.returncode == 1
    assert str(home.platform.pid if home.platform else "") in done.stderr
