"""docs/reference/commands.md, from the command line itself:

python -m antiphon.app.reference > docs/reference/commands.md
"""

from __future__ import annotations

import re

from antiphon.app.cli import GLOBAL, app

HEAD = """\
# Commands

Made from the command line by `python -m antiphon.app.reference`.

`antiphon COMMAND`; options stand before or after the command. `python -m antiphon` is the same.

- Exit codes: 0 done, 1 refused or failed (a sentence on the standard error), 2 wrong usage, 130 Ctrl-C.
- With `--json` the answer is one JSON document on the standard output; everything else goes to the standard error.
  `watch --json` writes one document a line.
- `create` answers with at least `{"id": "…"}`. Ids are strings. Wherever an id is taken, so is a name.
- A second `serve` on one data folder is refused. Every other command joins the running database, or starts it for
  as long as it runs.
- Times have their zone, such as `2026-01-31T12:00:00Z`. Where a FILE is read, `-` is the standard input.
- `ANTIPHON_DEBUG=1` shows the traceback of what we did not foresee; else it is kept in the log that is named.

What the answers hold, where HTTP has no equal:

| Command | Answer |
|---|---|
| `segments count` | `{"count": 12, "as_of": "…"}` |
| `segments members` | `{"members": [{"profile": "257", "external_id": "42", "entered_at": "…"}]}` |
| `keys create` | `{"id": "1", "key": "…"}`: the key is shown only this once |
| `import people`, `import events` | `{"rows": 9, "new": 7, "refused": 2, "reasons": [{"line": 3, "reason": "…"}], …}` |
| `doctor` | `{"ok": true, "checks": [{"name": "disk", "state": "ok", "says": "…", "way_out": ""}, …]}` |

"""


def reference() -> str:
    """Markdown. The options of all commands stand once, at the top."""
    made = app.generate_docs(usage_name="antiphon")
    _, _, body = made.partition("One customer, one message, the right channel, once.\n")
    again = re.compile(rf"\n\*\*{re.escape(GLOBAL.name)}\*\*:\n\n(\* .*\n)+")
    top, start, commands = body.partition("\n## antiphon serve\n")
    # Cyclopts names the program that runs us in the usage of nested commands: `antiphon keys list -m THIS`.
    commands = re.sub(r"^(antiphon .*?) -m \S+", r"\1", again.sub("", commands), flags=re.MULTILINE)
    text = HEAD + top.lstrip() + start + commands
    return re.sub(r"\n{3,}", "\n\n", text).rstrip() + "\n"


if __name__ == "__main__":
    print(reference(), end="")
