"""The settings of the server, scaled to the machine."""

from __future__ import annotations

import os
from pathlib import Path

MB = 1024 * 1024
FAST_SWITCH = "ANTIPHON_TEST_FAST_DATABASE"


def is_fast() -> bool:
    """Tests may give up durability for speed; nothing else may, and a start says so."""
    return os.environ.get(FAST_SWITCH) == "1"


def memory_bytes() -> int:
    """The memory of the machine, or of the control group if that is less."""
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        limit = Path("/sys/fs/cgroup/memory.max").read_text().strip()
    except OSError:
        return physical
    return min(physical, int(limit)) if limit.isdigit() else physical


def settings(*, cluster_name: str, socket_folder: str, fast: bool, memory: int | None = None) -> dict[str, str]:
    """Every setting that differs from PostgreSQL's own.

    Shared buffers are a quarter of the memory but at most 256 MB: pages count only once touched, and the kernel
    caches the rest. Logs leave out statements, parameters and details, because these hold addresses and bodies.
    """
    memory = memory_bytes() if memory is None else memory
    chosen = {
        "cluster_name": cluster_name,
        "listen_addresses": "",
        "unix_socket_directories": socket_folder,
        "unix_socket_permissions": "0777",  # who may enter the folder is what counts, and scram
        "max_connections": "60",
        "shared_buffers": _mb(memory // 4, least=16, most=256),
        "effective_cache_size": _mb(memory // 2, least=64, most=1024 * 1024),
        "work_mem": _mb(memory // 32, least=4, most=64),
        "maintenance_work_mem": _mb(memory // 16, least=32, most=1024),
        "autovacuum_work_mem": _mb(memory // 64, least=16, most=128),
        "wal_buffers": "16MB",
        "max_wal_size": "4GB",
        "checkpoint_timeout": "15min",
        "wal_compression": "off",
        "random_page_cost": "1.1",
        "jit": "off",
        "max_parallel_workers_per_gather": "2",
        "max_logical_replication_workers": "0",  # saves a process; nothing here subscribes
        "dynamic_shared_memory_type": _shared_memory(),
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_destination": "stderr",
        "logging_collector": "off",
        "log_line_prefix": "%m [%p] ",
        "log_error_verbosity": "terse",
        "log_min_error_statement": "panic",
        "log_parameter_max_length": "0",
        "log_parameter_max_length_on_error": "0",
    }
    # Without fsync a commit survives a killed process, though not a killed machine.
    durability = "off" if fast else "on"
    return chosen | {"fsync": durability, "full_page_writes": durability, "synchronous_commit": "on"}


def _mb(amount: int, *, least: int, most: int) -> str:
    return f"{min(max(amount // MB, least), most)}MB"


def _shared_memory() -> str:
    """Containers often give /dev/shm 64 MB, less than one parallel hash join takes; System V memory has no such cap."""
    try:
        found = os.statvfs("/dev/shm")  # noqa: S108 - only asked for its size
    except OSError:
        return "sysv"
    return "posix" if found.f_blocks * found.f_frsize >= 512 * MB else "sysv"
