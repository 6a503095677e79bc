"""What is set, and where: by environment variables, and by a file that one of them names.

The file is TOML 1.0 with the same names in small letters and without ``NEXUSKB_``. The environment goes
before the file, so that a setting can be tried without changing it.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from nexuskb.errors import SettingsError
from nexuskb.vocabulary import nearest_name

PREFIX: Final = "NEXUSKB_"
#: Names the file. It is set by the environment only.
CONFIG: Final = "CONFIG"

#: All settings, without the prefix, in the order of docs/settings.md; those that are paths, and those that
#: may be lists in the file.
NAMES: Final = (
    "ONTOLOGY",
    "DATA",
    "HOME",
    "QUERY_SECONDS",
    "QUERY_MEMORY_MB",
    "WORKERS",
    "QUEUE",
    "CLIENT_SECONDS",
    "STORE_MODE",
    "PROXIES",
    "ROOT_PATH",
    "CORS_ORIGINS",
    "SHUTDOWN_SECONDS",
    "LOG_LEVEL",
    "LOG_FORMAT",
    "LOG_QUERIES",
    "METRICS",
    "MACHINE_TRANSLATIONS",
    "STORE",
    "STORE_UPDATE",
    "STORE_GRAPHS",
    "STORE_USER",
    "STORE_PASSWORD_FILE",
    "STORE_TIMEOUT",
)
_PATHS: Final = frozenset({"ONTOLOGY", "DATA", "HOME", "STORE_PASSWORD_FILE"})
_LISTS: Final = frozenset({"PROXIES", "CORS_ORIGINS"})


@dataclass(frozen=True, slots=True)
class Given:
    """The settings that were given, as texts, and the file that holds some of them.

    ``called`` is for messages: a setting as whoever set it knows it.
    """

    values: Mapping[str, str]
    file: Path | None = None
    in_file: frozenset[str] = frozenset()

    def __getitem__(self, name: str) -> str:
        """What was given; nothing is the empty text."""
        return self.values.get(name, "")

    def called(self, name: str) -> str:
        """The name of a setting where it was set, or where it may be."""
        return f"{name.lower()} in {self.file}" if name in self.in_file else f"{PREFIX}{name}"


def read_given(environment: Mapping[str, str] | None = None) -> Given:
    """Read what is set.

    A name in the file that is none, or one in the environment that is much like a setting's, raises
    :class:`SettingsError`. Others in the environment are not ours: Kubernetes sets ``NEXUSKB_SERVICE_HOST``
    in every container beside a service of this name.
    """
    surroundings = os.environ if environment is None else environment
    own = {
        name.removeprefix(PREFIX): value for name, value in surroundings.items() if name.startswith(PREFIX)
    }
    for name in own:
        if name not in (*NAMES, CONFIG) and (meant := nearest_name(name, [*NAMES, CONFIG])):
            raise SettingsError(f"{PREFIX}{name} is no setting. Did you mean {PREFIX}{meant}?")
    config = own.pop(CONFIG, "")
    file = Path(config).absolute() if config else None
    written = _read_file(file) if file else {}
    from_environment = {name: own[name] for name in NAMES if own.get(name)}
    return Given(written | from_environment, file, frozenset(written.keys() - from_environment.keys()))


def _read_file(file: Path) -> dict[str, str]:
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{PREFIX}{CONFIG}: {file} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{PREFIX}{CONFIG}: {file} is not TOML: {error}.") from error
    return {_name(key, file): _text(key, value, file) for key, value in content.items()}


def _name(key: str, file: Path) -> str:
    if key == key.lower() and key.upper() in NAMES:
        return key.upper()
    known = [name.lower() for name in NAMES]
    meant = nearest_name(key.removeprefix(PREFIX), known)
    words = f"Did you mean {meant}?" if meant else f"Known are: {', '.join(known)}."
    raise SettingsError(f"{file}: {key} is no setting. {words}")


def _text(key: str, value: object, file: Path) -> str:
    """A value as the environment would have it. Paths in the file begin where the file is."""
    name = key.upper()
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, list) and name in _LISTS and all(isinstance(each, str) for each in value):
        return " ".join(value)
    if not isinstance(value, str):
        kind = "a text or a list of texts" if name in _LISTS else "a text or a number"
        raise SettingsError(f"{key} in {file}: {value!r} is not {kind}.")
    return str(file.parent / value) if value and name in _PATHS else value
