"""What somebody held in their hand, by what their browser says of itself.

    device_of({"user-agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) …"})   # "mobile"

Client hints (Sec-CH-UA-Mobile, Sec-CH-UA-Platform) come before the agent where a browser sends them. Words are looked
for in turn, machines first: a scanner calls itself a telephone, never the other way round. An image proxy of a mail
service (`proxy`) hides the device, so it says nothing about the person. A tablet that calls itself `Mobile` and has
no known name is taken for a telephone, and a telephone that asks for the desktop's page for a desktop: nothing else
tells. tests/pages/test_devices.py measures it on 38,000 agents by others.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Literal

from antiphon.kernel.agents import AGENT_CHARS_MAX, is_for_mail, is_program, is_proxy

Device = Literal["mobile", "tablet", "desktop", "tv", "bot", "proxy", "other"]

_TELEVISIONS = (
    "smart-tv", "smarttv", "smart tv", "hbbtv", "crkey", "appletv", "bravia", "web0s", "netcast", "viera", "roku",
    " omi/", "ce-html", "nettv", "chromecast", "mibox", "mitv", "settop", "set-top", "inettvbrowser", "aquos",
    "opera tv", "brightsign", "_tv_", "large screen", "firetv", "android tv", "androidtv", "googletv", "iptv",
)  # fmt: skip
_TELEVISION = re.compile(r"\b(?:tv|h?dtv)\b|\baft[a-z]{1,4}\b|\bbox\b|stick|\bled\d\d|\b\d\d(?:u|le|uhd)\d{3}")
_TABLETS = (
    "ipad", "tablet", "playbook", "kindle", "silk/", "xoom", "nexus 7", "nexus 9", "nexus 10", "touchpad", "hp slate",
    "surftab", "iconia", "mediapad", "matepad", "megapad", "hudl", "; touch; ma", "; touch; arm",
)  # fmt: skip
_TABLET = re.compile(
    r"(?:\b|[a-z0-9_])tab(?:\b|[\d_])|(?<!cool)(?<!think)(?<!tech)pad(?![a-z]{2})|\bkf[a-z]{2,5}\b|sm-[tpx]\d{3}"
    r"|gt-p[1-9]\d{3}|gt-n(?:51|80)\d\d|\btb-?[x\d]\d\d|\bt[bp]\d{3}|\byt-?[x\d]|lenovo (?:a[35]\d{3}|b[68]\d{3})"
    r"|-w\d\d\b|\b(?:ags|agr|bah|scm|bzt|jdn|kob|sht|dby|wgr|mrx|btv|cpn|vrd)\d?r?-|\bventure?\b|\b[ab]1-\d{3}"
    r"|\b(?:7|8|9|10|11)\.\d\b(?<!8\.3)| (?:7|8|9|10)(?:[\"”]|inch| [34]g)|nook|\bbnt?v\d|qmv7|\bpm[tp]\d{4}(?!_duo)"
    r"|momo\d|\bp?mid[ \d_-]|megafon login|optima \d|plane \d|\bcx-?\d{4}|\btpc|\bpixus|\bbdf|\ban(?:7|8|9|10)[a-z]?g\d"
    r"|\bbq(?:ru)?-(?:7|8|10)\d\d|\b[a-z]{1,3}(?:7|8|10)\d\d[a-z]{0,2}_?[34]g|\bnomi c(?:07|08|10)|\b7\d\d[a-z]? ?3g"
)
_TELEPHONES = (
    "mobile", "phone", "symbian", "series60", "series 60", "series40", "blackberry", "bb10", "opera mini",
    "opera mobi", "nokia", "midp", "cldc", "kaios", "j2me", "ucweb", "palm", "webos/", "up.browser", "up.link",
    "brew", "maui", "mre/", "wap", "docomo", "kddi", "softbank", "vodafone", "netfront", "obigo", "teleca", "tizen",
    "bada", "sailfish", "meego", "maemo", "fbdv", "fban", "mocor", "elibom", "wpdesktop", "lumia", "harmony", "blazer",
    "(iph", "ucbrowser", "samsung", "sonyericsson", "mot-", "htc", "zte", "huawei", "alcatel", "sagem", "sie-",
    "windows ce", "ppc;", "openwave", "dolfin", "polaris", "jasmine", "au.browser", "tianyu", "xiino", "jig browser",
)  # fmt: skip
_LAPTOPS = (
    "chromebook", "pixelbook", "elitebook", "inspiron", "satellite", "travelmate", "aspire", "probook", "thinkpad ",
    "vivobook", "zenbook", "waydroid", "latitude", "osmeta", "galaxyclient",
)  # fmt: skip
_DESKTOPS = (
    "windows", "macintosh", "mac os", "macos", "darwin", "x11", "cros", "linux", "bsd", "sunos", "haiku", "beos",
    "amiga", "desktop", "ubuntu", "fedora", "suse", "os/2", "win9", "win32", "win64", "winnt", "msie", "cygwin",
    "msoffice", "openvms", "syllable", "inferno", " osx/", "os=mac",
)  # fmt: skip
_OTHERS = (
    "playstation", "xbox", "nintendo", "watch", "sonos", "alexa", "echo", "carplay", "tesla", "quest", "podcast",
    "itunes", "ipod",
)  # fmt: skip
_DESKTOP_PLATFORMS = frozenset({"Windows", "macOS", "Linux", "Chrome OS", "Chromium OS"})
# "Linux; U; Android 4.2.2; en-us; MODEL Build/JDQ39" and its shorter forms.
_MODEL = re.compile(r"(?:android|adr)[^;)]{0,12}[;)] ?(?:u; ?)?(?:[a-z]{2}(?:[-_][a-z]{2})?; ?)?([^;)]*)")


def device_of(headers: Mapping[str, str]) -> Device:
    """Names of headers are in lower case."""
    return _device(
        headers.get("user-agent", "")[:AGENT_CHARS_MAX],
        headers.get("sec-ch-ua-mobile", ""),
        headers.get("sec-ch-ua-platform", "").strip('"'),
    )


def is_machine(agent: str) -> bool:
    """Nobody reads or clicks with this. An image proxy is none, for it asks for somebody; nor is who says nothing."""
    said = agent[:AGENT_CHARS_MAX].strip().lower()
    return _device(agent[:AGENT_CHARS_MAX], "", "") == "bot" and (is_program(said) or not is_for_mail(said))


@lru_cache(maxsize=4_096)
def _device(agent: str, mobile: str, platform: str) -> Device:
    agent = agent.strip().lower()
    if is_proxy(agent):
        return "proxy"
    if not agent:
        return "other"
    if is_program(agent):
        return "bot"
    if platform in _DESKTOP_PLATFORMS:
        return "desktop"
    if "ipad" in agent:
        return "tablet"
    if "iphone" in agent or "ipod" in agent:
        return "mobile"
    if "android" in agent or "adr " in agent:
        return _android(agent, mobile)
    return "mobile" if platform == "Android" else _by_words(agent)


def _android(agent: str, mobile: str) -> Device:
    """Chrome says `Mobile` on a telephone and not on a tablet (Google's advice to makers); programs say neither."""
    found = _MODEL.search(agent)
    model = found[1].partition(" build")[0] if found else agent
    if _has(model, _LAPTOPS):
        return "desktop"
    if _has(agent, _TELEVISIONS) or _TELEVISION.search(model):
        return "tv"
    if _has(agent, _TABLETS) or _TABLET.search(model):
        return "tablet"
    is_telephone = "mobile" in agent or mobile == "?1" or "safari" not in agent or "phone" in agent
    return "mobile" if is_telephone else "tablet"


_IN_TURN: Sequence[tuple[Device, Sequence[str]]] = (
    ("desktop", _LAPTOPS),
    ("tv", _TELEVISIONS),
    ("tablet", _TABLETS),
    ("other", _OTHERS),
    ("mobile", _TELEPHONES),
    ("desktop", _DESKTOPS),
)


def _by_words(agent: str) -> Device:
    """Whoever names no system at all is a program."""
    return next((device for device, words in _IN_TURN if _has(agent, words)), "bot")


def _has(agent: str, words: Sequence[str]) -> bool:
    for word in words:  # noqa: SIM110  # a generator inside any() takes four times as long
        if word in agent:
            return True
    return False
