"""Doors to other systems.

Built:

- `SegmentApi(runtime)`: what Segment's and RudderStack's clients call under `/v1`, as one ASGI callable. A 200 means
  that every event is on disk; an event that is wrong in itself is kept for the debugger (`GET /events/refused`) and
  costs nobody else's.
- `import_people`, `import_events`: CSV and JSON lines with a map of fields. The same file twice changes nothing,
  bad rows are told with their lines, a dry run says what would happen.
- Uploads (`/imports` over HTTP): the same, from a browser. `work_imports` takes one in, in a worker; `read_progress` is
  what a live topic tells, woken by `IMPORTS_WAKE`.

Promised: connectors, outgoing webhooks, exports.
"""

from antiphon.integrations.http import routes
from antiphon.integrations.imports.importer import Report, import_events, import_people
from antiphon.integrations.imports.mapping import EventMap, PeopleMap, read_map
from antiphon.integrations.imports.running import Reason
from antiphon.integrations.imports.watching import IMPORTS_WAKE, read_progress
from antiphon.integrations.imports.working import work as work_imports
from antiphon.integrations.segment_api import SegmentApi

__all__ = [
    "IMPORTS_WAKE",
    "EventMap",
    "PeopleMap",
    "Reason",
    "Report",
    "SegmentApi",
    "import_events",
    "import_people",
    "read_map",
    "read_progress",
    "routes",
    "work_imports",
]
