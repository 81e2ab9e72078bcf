"""How long `make run` takes from a fresh clone (cold: nothing installed) and again (warm), until the page answers.

    python -m bench.startup

Cold includes making the environment; packages come from this machine's usual index and cache.
"""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from bench.house import free_port, wait_until_up
from bench.machine import machine

ROOT = Path(__file__).parents[1]


def run(clone: Path) -> tuple[float, float]:
    """Seconds until the page answers, and until the sample company's campaign runs."""
    port = free_port()
    begun = time.monotonic()
    process = subprocess.Popen(
        ["make", "run", f"ARGS=--port {port} --data {clone}/antiphon-data"],
        cwd=clone,
        start_new_session=True,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    try:
        wait_until_up(port, within_s=300)
        answers = time.monotonic() - begun
        for line in process.stderr:
            if "at work" in line:
                break
        return answers, time.monotonic() - begun
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)
        time.sleep(1)


def main() -> None:
    print(machine())
    with tempfile.TemporaryDirectory() as name:
        clone = Path(name) / "antiphon"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        for word in ("cold", "warm"):
            answers, works = run(clone)
            print(f"{word}: the page answers after {answers:.1f} s, the sample company is at work after {works:.1f} s")


if __name__ == "__main__":
    main()
