"""Programs by others that are too heavy for every test run: in a virtual environment of their own."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PEERS = ROOT / ".venv/peers/bin"


async def asked(what: str, **given: Any) -> Any:
    """What a vendor's own program says: `vendors.py` tells which."""
    process = await asyncio.create_subprocess_exec(
        PEERS / "python",
        Path(__file__).with_name("vendors.py"),
        what,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate(json.dumps(given).encode())
    assert process.returncode == 0
    return json.loads(said)
