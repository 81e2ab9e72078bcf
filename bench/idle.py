"""What everything together costs while nothing happens: CPU over a minute and memory (PSS), by process.

python -m bench.idle [SECONDS]
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

from bench.house import house
from bench.machine import machine


def family(data: Path) -> list[int]:
    """Every process of this installation: by its data folder in the command line or the environment, or its parent."""
    parents, named = {}, set()
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                parents[int(folder.name)] = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
                if str(data).encode() in (folder / "cmdline").read_bytes():
                    named.add(int(folder.name))
            except OSError:
                continue
    found = set(named)
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return sorted(found)


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def pss_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    print(machine())
    with tempfile.TemporaryDirectory() as name, house(Path(name) / "data"):
        time.sleep(10)
        pids = family(Path(name) / "data")
        before = {pid: cpu_s(pid) for pid in pids}
        time.sleep(seconds)
        used = {pid: cpu_s(pid) - before[pid] for pid in pids if Path(f"/proc/{pid}").exists()}
        memory = {pid: pss_mb(pid) for pid in used}
        for pid in used:
            command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()[:60]
            print(f"  {100 * used[pid] / seconds:5.2f} %  {memory[pid]:6.1f} MB  {command}")
        print(
            f"everything, {len(used)} processes: CPU {100 * sum(used.values()) / seconds:.2f} % of one core, "
            f"memory {sum(memory.values()):.0f} MB (PSS)"
        )


if __name__ == "__main__":
    main()
