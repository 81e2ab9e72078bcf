"""What customers open: links of messages, the preference centre, unsubscribe, the question of a double opt-in.

A link holds a signed token and nothing stands behind it but the delivery, the profile or the question itself: `/c/`
leads where the message version says, rendered anew, so it can lead nowhere else. What a visit says is on disk before it
is answered. Looking never changes anything, for gateways follow every link; only a POST acts.

| link | answers |
|---|---|
| `/c/{token}` | 302 to the target |
| `/o/{token}.gif` | a transparent pixel, also for a token that is not ours |
| `/d/{token}` | 204: our service worker says that a push is on the screen |
| `/p/{token}` | the preference centre: topics by channels, breaks, how often, the end of everything |
| `/u/{token}` | GET: what can be stopped. POST: it is stopped (RFC 8058: without cookie, redirect or login) |
| `/y/{token}` | GET: the question. POST: yes |

The pages need no script and set no cookie: the token is what allows an act, and it stands in the address, so no other
site can make a browser send one. They hold no whole address, for messages are forwarded. What somebody says there goes
into the ledger of consents with the exact words that they read. A link leads to whom its number belongs to by now.

Which visits count as a machine's stands in `machines.py` and `sessions.py`; what may be a person's waits in `held.py`
until that is known. Promised: landing pages, widget files.
"""

from antiphon.pages.held import run
from antiphon.pages.visits import close

__all__ = ["close", "run"]
