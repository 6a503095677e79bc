"""Where things are: the curated files and the home of the store, from the environment with sane defaults."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from nexuskb.errors import SettingsError

_PACKAGE = Path(__file__).resolve().parent
_CHECKOUT = _PACKAGE.parents[1]


@dataclass(frozen=True, slots=True)
class Settings:
    """What the library needs to know of its surroundings.

    ``ontology`` and ``data`` are directories of Turtle files; ``home`` is where the embedded store lives.
    """

    ontology: Path
    data: Path
    home: Path


def load_settings() -> Settings:
    """Read ``NEXUSKB_ONTOLOGY``, ``NEXUSKB_DATA`` and ``NEXUSKB_HOME``.

    Without them: the directories that came with the package or the checkout, and ``nexuskb`` under the
    user's data directory (XDG Base Directory Specification). Raises :class:`SettingsError`.
    """
    share = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Settings(
        ontology=_directory("NEXUSKB_ONTOLOGY", "ontology"),
        data=_directory("NEXUSKB_DATA", "data"),
        home=Path(os.environ.get("NEXUSKB_HOME") or Path(share) / "nexuskb").absolute(),
    )


def _directory(variable: str, name: str) -> Path:
    given = os.environ.get(variable)
    candidates = [Path(given)] if given else [_PACKAGE / "share" / name, _CHECKOUT / name]
    for candidate in candidates:
        if candidate.is_dir():
            return candidate.absolute()
    raise SettingsError(
        f"The directory {candidates[-1]} does not exist. Set {variable} to the directory of the {name} files."
    )
