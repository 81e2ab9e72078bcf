"""What customers open: click and open links, the mark of a shown push, unsubscribe.

A link holds a signed token and nothing stands behind it but the delivery itself: `/c/` leads where the message
version says, rendered anew, so it can lead nowhere else. What a visit says is on disk before it is answered.

| link | answers |
|---|---|
| `/c/{token}` | 302 to the target |
| `/o/{token}.gif` | a transparent pixel, also for a token that is not ours |
| `/d/{token}` | 204: our service worker says that a push is on the screen |
| `/u/{token}` | GET: what can be stopped. POST: it is stopped (RFC 8058: without cookie, redirect or login) |

Which visits count as a machine's stands in `machines.py`. Promised: preference centre, landing pages, widget files.
"""

from antiphon.pages.http import close, routes

__all__ = ["close", "routes"]
