"""Programs that say of themselves that they are some: names in User-Agents.

Lists of words, looked for anywhere. A scanner under a browser's name is told by how it behaves (`pages.machines`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

AGENT_CHARS_MAX = 500
"""What comes after is not looked at: a header of 60 kB would take its time."""

_APPLE = "mozilla/5.0"
"""The whole of it: how Mail Privacy Protection fetches every picture, read or not. No browser says as little."""

_AHEAD = ("edge/12.246 mozilla/5.0", "gmail-content-sampling")
"""Gmail when it fetches before anybody reads: a browser of 2015, and the same word once more at its end."""

_PROXIES = ("googleimageproxy", "yahoomailproxy", "imageproxy", "fwdcdn.com", "mail.ukr.net")
_READERS = (
    "outlook", "thunderbird", "the bat", "airmail", "postbox", "mailmate", "em client", "superhuman", "spark/",
    "newton", "mimestream", "lotus-notes", "claws mail", "geary", "kmail", "canary mail", "bluemail", "emclient",
    "evolution/",
)  # fmt: skip
# Cubot, "M bot", "VR bot", XBot and the like make telephones.
_ROBOT = re.compile(r"(?<!cu)(?<!\b[a-z][ _])(?<!\b(?:vr|id)[ _])(?<!\bid)(?<!power )(?<!\bx)bot(?:s?\b|[_\d])")
_GATEWAYS = (
    "boie9;enus",  # Microsoft's scanner
    "safelinks", "office existence discovery", "office protocol discovery", "barracuda", "proofpoint", "mimecast",
    "symantec", "messagelabs", "fireeye", "trellix", "fortinet", "fortigate", "fortiguard", "fortisandbox", "ironport",
    "cisco-", "talosintel", "trendmicro", "trend micro", "sophos", "kaspersky", "zscaler", "checkpoint", "sonicwall",
    "urldefense", "urlscan", "virustotal", "hornetsecurity", "spamtitan", "vadesecure", "forcepoint", "websense",
    "paloalto", "palo alto", "netcraft", "phishlabs", "safebrowsing", "securityscanner",
)  # fmt: skip
_PREVIEWS = (
    "externalhit", "facebot", "facebookcatalog", "skypeuripreview", "telegrambot", "viber url", "viberurl",
    "kakaotalk-scrap", "line-poker", "vkshare", "embedly", "iframely", "google-pagerenderer", "google-read-aloud",
    "preview",
)  # fmt: skip
_PROGRAMS = (
    "crawl", "spider/", "spider)", "spider;", "spider-", "360spider", "slurp", "scanner", "scanning", "archiver",
    "checker", "validat", "monitor", "fetch", "prerender", "headless", "lighthouse", "page speed", "pagespeed",
    "http:/", "https:/", "probe", "nutch", "transcoder", "google-", "-google/", "favicon", "ptst/", "urllib", "python",
    "curl/", "wget/", "libwww-", "go-http", "axios", "httpclient", "http-client", "node-fetch", "undici",
    "scrapy", "phantomjs", "analyz", "audit", "observatory", "synthetic", "statuscake", "inspector", "search console",
    "mailto:", "siteimprove", "; compatible;", "compatible; google", "(compatible)", ".com/", "+www", "cloudflare",
    "uptime", "adsense", "www.", "pingdom", "catchpoint", "datanyze", "daumoa", "daum 4", "sitesucker", "whatcms",
    "expanseinc", "expanse, a", "systemsresearch", "networkmeasurement", "assetnote", "functionize", "request-promise",
    "microsoft-flow", "securityheaders", "iplabel", "dummy connection", "feed finder", "dmbrowser", "patchwatch",
    "infrawatch", "360jk", "productfinder", "cybaaagent", "convertify", "marketgoo", "miniature.io", "devin.ai",
    "manus-user", "do not track verifier", "prospectingstudio", "sparkler",
)  # fmt: skip
_SIGNS = (*_AHEAD, *_GATEWAYS, *_PREVIEWS, *_PROGRAMS)
_LOOSE = re.compile(r"^whatsapp/[\d.]+(?: [ainw])?$|[a-z0-9.-]@[a-z0-9-]+\.[a-z]|[\[(]at[\])]")
"""WhatsApp's preview names no telephone, as WhatsApp itself does. No browser gives an address to complain to."""


_LIBRARY = re.compile(
    r"^(?:curl|wget|python-(?:requests|httpx|urllib)|python|httpx|aiohttp|go-http-client|node-fetch|node|undici|axios|okhttp)"
    r"(?:[/ ][\w. ()/;+-]*)?$"
)


def is_library(agent: str) -> bool:
    """A library for HTTP and nothing else: what somebody writes who plays customers. Lower case."""
    return _LIBRARY.match(agent) is not None


def is_program(agent: str) -> bool:
    """It says so itself; `agent` in lower case and not longer than `AGENT_CHARS_MAX`."""
    if agent == _APPLE or _has(agent, _SIGNS) or ("bot" in agent and _ROBOT.search(agent)):
        return True
    return _LOOSE.search(agent) is not None


def is_proxy(agent: str) -> bool:
    """It fetches a picture when the message is shown, and hides who reads it on what. Lower case."""
    return _has(agent, _PROXIES)


def is_for_mail(agent: str) -> bool:
    """A program that people read mail with, also where it names no system. Lower case."""
    return _has(agent, _READERS)


def _has(agent: str, words: Sequence[str]) -> bool:
    for word in words:  # noqa: SIM110  # a generator inside any() takes four times as long
        if word in agent:
            return True
    return False
