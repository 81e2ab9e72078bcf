"""What device a browser is: on 38,000 agents that others collected and named, and on what they do not have."""

from __future__ import annotations

import gzip
import json
import time
from collections import Counter
from pathlib import Path

import pytest

from antiphon.kernel import devices
from antiphon.kernel.devices import device_of
from slowness import slowness

FIXTURES = Path(__file__).parents[2] / "../shared/data/user-agents/device_detector_fixtures.jsonl.gz"
KINDS = {
    "smartphone": "mobile",
    "phablet": "mobile",
    "feature phone": "mobile",
    "tablet": "tablet",
    "desktop": "desktop",
}
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Version/18.1 Mobile/15E148 Safari"
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537"
REDUCED = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 {}Safari/537.36"


@pytest.fixture(scope="module")
def named() -> list[tuple[str, dict[str, str]]]:
    """What each is, and its headers. One of each model that was ever seen, not as often as people use it."""
    if not FIXTURES.is_file():
        pytest.skip("shared/data/user-agents is absent")
    found = []
    with gzip.open(FIXTURES, "rt") as lines:
        for each in map(json.loads, lines):
            kind = "bot" if "bot" in each else KINDS.get(each["device"]["type"])
            if kind and each.get("user_agent"):
                hints = {name.lower(): str(value) for name, value in (each.get("headers") or {}).items()}
                found.append((kind, hints | {"user-agent": each["user_agent"]}))
    return found


def confusion(named: list[tuple[str, dict[str, str]]]) -> Counter[tuple[str, str]]:
    """An image proxy is a machine."""
    said = ((kind, device_of(headers)) for kind, headers in named)
    return Counter((kind, "bot" if device == "proxy" else device) for kind, device in said)


def share(counted: Counter[tuple[str, str]], hand: frozenset[str]) -> float:
    def joined(kind: str) -> str:
        return "hand" if kind in hand else kind

    right = sum(n for (kind, device), n in counted.items() if joined(kind) == joined(device))
    return right / counted.total()


def test_what_lies_in_the_hand_is_told_from_a_desktop_and_a_machine(
    named: list[tuple[str, dict[str, str]]],
) -> None:
    """The question that counts a person's share on the move. Measured: 99.5 %."""
    counted = confusion(named)
    assert share(counted, frozenset({"mobile", "tablet"})) >= 0.99, sorted(counted.items())


def test_tablets_are_told_from_telephones_but_for_those_that_call_themselves_one(
    named: list[tuple[str, dict[str, str]]],
) -> None:
    """Measured: 96 %. What is left are small makers' tablets that say `Mobile`: only a list of models knows them."""
    counted = confusion(named)
    assert share(counted, frozenset()) >= 0.955, sorted(counted.items())
    assert counted["mobile", "mobile"] / sum(n for (kind, _), n in counted.items() if kind == "mobile") >= 0.985


def test_it_is_quick_without_what_is_remembered(named: list[tuple[str, dict[str, str]]]) -> None:
    devices._device.cache_clear()
    some = [headers for _, headers in named[::10]]
    begun = time.process_time()
    for headers in some:
        device_of(headers)
    assert (time.process_time() - begun) / len(some) < 40e-6 * slowness()  # 16 µs on an idle machine


@pytest.mark.parametrize(
    ("agent", "device"),
    [
        ("Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)", "proxy"),
        ("YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html", "proxy"),
        ("RamblerMail/6.0 (incompatible; ImageProxy/6.0)", "proxy"),
        ("Mozilla/5.0", "bot"),
        ("", "other"),
        (IPHONE, "mobile"),
        (WINDOWS, "desktop"),
        (REDUCED.format("Mobile "), "mobile"),
        (REDUCED.format(""), "tablet"),
        ("Mozilla/5.0 (iPad; CPU OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148", "tablet"),
        ("Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537.36 Chrome/87.0 Safari/537.36 WebAppManager", "tv"),
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "bot"),
        (
            "Mozilla/5.0 (Linux; Android 13; Cubot X30) AppleWebKit/537.36 Chrome/122.0.0.0 Mobile Safari/537.36",
            "mobile",
        ),
        ("Mozilla/5.0 (PlayStation 5 8.00) AppleWebKit/605.1.15 (KHTML, like Gecko)", "other"),
        ("x" * 100_000, "bot"),
    ],
)
def test_what_the_fixtures_do_not_say(agent: str, device: str) -> None:
    assert device_of({"user-agent": agent}) == device


def test_client_hints_go_before_the_agent() -> None:
    asked_for_desktop = {"user-agent": WINDOWS, "sec-ch-ua-platform": '"Windows"', "sec-ch-ua-mobile": "?0"}
    assert device_of(asked_for_desktop) == "desktop"
    small = {"user-agent": REDUCED.format(""), "sec-ch-ua-platform": '"Android"', "sec-ch-ua-mobile": "?1"}
    assert device_of(small) == "mobile"
    laptop = {"user-agent": REDUCED.format(""), "sec-ch-ua-platform": '"Chrome OS"', "sec-ch-ua-mobile": "?0"}
    assert device_of(laptop) == "desktop"
