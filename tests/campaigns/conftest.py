"""The stage of tests/orchestration."""

from orchestration.conftest import stage, worker

__all__ = ["stage", "worker"]
