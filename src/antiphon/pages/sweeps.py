"""One visitor, several people's messages, at once: the gateway of their company.

Visitor: address and User-Agent. What speaks against the rule is ruled out first: an address that is not public is a
proxy before us, that somebody forgot to name (FORWARDED_ALLOW_IPS); people of a mail provider that is open to all have
no gateway in common; visitors whose people are of several domains share a way into the Internet, and nothing else. Kept
in memory, a second of it: what is lost with the process is a hint, and no visit.
"""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from datetime import datetime, timedelta

WITHIN = timedelta(seconds=1)
PEOPLE = 3
VISITORS_MAX = 5_000

_OPEN_TO_ALL = """
    gmail.com googlemail.com outlook.com hotmail.com hotmail.fr hotmail.co.uk live.com msn.com yahoo.com yahoo.fr
    yahoo.co.uk yahoo.co.jp ymail.com aol.com icloud.com me.com mac.com gmx.de gmx.net gmx.com web.de t-online.de
    freenet.de orange.fr wanadoo.fr free.fr sfr.fr laposte.net libero.it virgilio.it btinternet.com sky.com
    comcast.net verizon.net att.net sbcglobal.net mail.ru yandex.ru bk.ru qq.com 163.com 126.com naver.com
    rediffmail.com uol.com.br bol.com.br terra.com.br proton.me protonmail.com zoho.com fastmail.com
"""
OPEN_TO_ALL = frozenset(_OPEN_TO_ALL.split())
"""Where people have their mail who have nothing else in common. One that is missing here is taken for a company."""

Visitor = tuple[str, str]
"""Address, User-Agent."""


class Sweeps:
    """Of one process."""

    def __init__(self) -> None:
        self._lately: OrderedDict[Visitor, list[tuple[datetime, int, str]]] = OrderedDict()

    def note(self, visitor: Visitor, delivery: int, domain: str, at: datetime) -> frozenset[int]:
        """A click. The deliveries that this visitor swept through with it; none for a visitor like any other."""
        if not domain or domain in OPEN_TO_ALL or not _is_public(visitor[0]):
            return frozenset()
        lately = [each for each in self._lately.pop(visitor, []) if at - each[0] < WITHIN]
        lately.append((at, delivery, domain))
        self._lately[visitor] = lately[-100:]
        while len(self._lately) > VISITORS_MAX:
            self._lately.popitem(last=False)
        deliveries = frozenset(number for _, number, _ in lately)
        is_one_company = len({name for _, _, name in lately}) == 1
        return deliveries if len(deliveries) >= PEOPLE and is_one_company else frozenset()


def _is_public(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_global
    except ValueError:
        return False
