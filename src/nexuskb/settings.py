"""Where things are, and how they are served: what is set, read and checked, with sane defaults.

All of it comes from the environment or a file (:mod:`nexuskb.configuration`).
"""

from __future__ import annotations

import math
import os
import re
import sys
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from nexuskb.configuration import Given, read_given
from nexuskb.errors import SettingsError
from nexuskb.sparql.limits import PoolLimits
from nexuskb.vocabulary import nearest_name

_PACKAGE = Path(__file__).resolve().parent
_CHECKOUT = _PACKAGE.parents[1]


_ROOT_PATH = re.compile(r"(?:/[A-Za-z0-9._~-]+)+")
_ORIGIN = re.compile(r"https?://(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?")
_TIMEOUT = re.compile(
    r"(?P<name>[A-Za-z_][\w-]*)=(?P<before>[^&{}]*)\{(?P<unit>seconds|milliseconds)\}(?P<after>[^&{}]*)"
)


@dataclass(frozen=True, slots=True)
class RemoteSettings:
    """A store of our own that is spoken to by the SPARQL 1.1 Protocol.

    ``query``, ``update`` and ``graphs`` are its addresses for queries, updates and the Graph Store Protocol;
    the last two are only needed for loading. A password without a ``user`` is a bearer token. ``timeout`` is
    the parameter by which the store takes a time limit, such as ``timeout={milliseconds}``.
    """

    query: str
    update: str = ""
    graphs: str = ""
    user: str = ""
    password: str = field(default="", repr=False)
    timeout: str = ""

    @property
    def host(self) -> str:
        """Host and port, for messages."""
        return urlsplit(self.query).netloc

    def timeout_parameter(self, seconds: float) -> dict[str, str]:
        """The time limit as the store takes it; nothing if it takes none."""
        match = _TIMEOUT.fullmatch(self.timeout)
        if match is None:
            return {}
        number = max(1, round(seconds if match["unit"] == "seconds" else seconds * 1000))
        return {match["name"]: f"{match['before']}{number}{match['after']}"}


@dataclass(frozen=True, slots=True)
class Settings:
    """What the library needs to know of its surroundings.

    ``ontology`` and ``data`` are directories of Turtle files; ``home`` is where the embedded store lives.
    With ``store``, the base is served from there and not from the embedded store.
    """

    ontology: Path
    data: Path
    home: Path
    store: RemoteSettings | None = None


def load_settings() -> Settings:
    """Read ``NEXUSKB_ONTOLOGY``, ``NEXUSKB_DATA``, ``NEXUSKB_HOME`` and the remote store, if there is one.

    Without them: the directories that came with the package or the checkout, and ``nexuskb`` under the
    user's data directory (XDG Base Directory Specification). ``NEXUSKB_STORE`` and the settings that go with
    it (docs/remote-stores.md) name a remote store. Raises :class:`SettingsError`.
    """
    given = read_given()
    share = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Settings(
        ontology=_directory(given, "ONTOLOGY"),
        data=_directory(given, "DATA"),
        home=Path(given["HOME"] or Path(share) / "nexuskb").absolute(),
        store=_remote(given),
    )


LOG_LEVELS: Final = ("error", "warning", "info", "debug")


@dataclass(frozen=True, slots=True)
class LogSettings:
    """The log of a server: the least level in it, a line as ``text`` or ``json``, and whether the queries
    of strangers are in it.
    """

    level: str = "warning"
    format: str = "text"
    queries: bool = False


@dataclass(frozen=True, slots=True)
class ServingSettings:
    """How queries are served: the limits of the pool, where its workers have the store (``memory`` or
    ``disk``), the proxies whose word on a client's address is taken (addresses or networks), and the origins
    of other sites whose pages may read answers (``*`` for all).

    ``root_path`` is the path that a proxy in front takes away, ``shutdown_seconds`` the time that running
    answers have when the server is told to end, ``metrics`` whether ``/metrics`` is there.
    With ``machine_translations``, pages show texts that a machine has translated and nobody has checked.
    """

    limits: PoolLimits = field(default_factory=PoolLimits)
    mode: str = "memory"
    proxies: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    root_path: str = ""
    shutdown_seconds: float = 30.0
    metrics: bool = True
    log: LogSettings = field(default_factory=LogSettings)
    machine_translations: bool = False


def load_serving() -> ServingSettings:
    """Read the limits of the server and what goes with them (docs/settings.md).

    Raises :class:`SettingsError`.
    """
    given, defaults, log = read_given(), ServingSettings(), LogSettings()
    limits = defaults.limits
    return ServingSettings(
        limits=PoolLimits(
            seconds=_number(given, "QUERY_SECONDS", limits.seconds, 0.1, 3600),
            memory=_whole(given, "QUERY_MEMORY_MB", limits.memory // 1024**2, 16, 1024**2) * 1024**2,
            workers=_whole(given, "WORKERS", max(2, _cores()), 1, 256),
            waiting=_whole(given, "QUEUE", limits.waiting, 0, 10_000),
            client_seconds=_number(given, "CLIENT_SECONDS", limits.client_seconds, 0, 86_400),
        ),
        mode=_one_of(given, "STORE_MODE", defaults.mode, ("memory", "disk")),
        proxies=_proxies(given),
        origins=_origins(given),
        root_path=_root_path(given),
        shutdown_seconds=_number(given, "SHUTDOWN_SECONDS", defaults.shutdown_seconds, 1, 3600),
        metrics=_switch(given, "METRICS", defaults.metrics),
        log=LogSettings(
            level=_one_of(given, "LOG_LEVEL", log.level, LOG_LEVELS),
            format=_one_of(given, "LOG_FORMAT", log.format, ("text", "json")),
            queries=_switch(given, "LOG_QUERIES", log.queries),
        ),
        machine_translations=_switch(given, "MACHINE_TRANSLATIONS", defaults.machine_translations),
    )


def _proxies(given: Given) -> tuple[str, ...]:
    proxies = tuple(given["PROXIES"].replace(",", " ").split())
    for proxy in proxies:
        try:
            ip_network(proxy)
        except ValueError as error:
            raise SettingsError(
                f"{given.called('PROXIES')}: {error}. Write addresses such as 10.0.0.1."
            ) from error
    return proxies


def _origins(given: Given) -> tuple[str, ...]:
    """Origins (RFC 6454): scheme, host and port, as a browser sends them."""
    origins = tuple(given["CORS_ORIGINS"].replace(",", " ").split())
    for origin in origins:
        if origin != "*" and not _ORIGIN.fullmatch(origin):
            raise SettingsError(
                f"{given.called('CORS_ORIGINS')}: {origin!r} is no origin. Write https://app.example.org, in "
                "small letters and without a path or a slash at the end, several with spaces between; * is "
                "for all."
            )
    return origins


def _root_path(given: Given) -> str:
    path = given["ROOT_PATH"]
    if path and not _ROOT_PATH.fullmatch(path):
        raise SettingsError(
            f"{given.called('ROOT_PATH')}: {path!r} is no path such as /nexuskb, with a slash before and "
            "none at the end."
        )
    return path


def _one_of(given: Given, name: str, default: str, known: tuple[str, ...]) -> str:
    value = given[name] or default
    if value not in known:
        words = f"neither {known[0]} nor {known[1]}" if len(known) == 2 else f"none of {', '.join(known)}"
        near = nearest_name(value, known)
        meant = f" Did you mean {near}?" if near else ""
        raise SettingsError(f"{given.called(name)}: {value!r} is {words}.{meant}")
    return value


def _switch(given: Given, name: str, default: bool) -> bool:
    return _one_of(given, name, "yes" if default else "no", ("yes", "no")) == "yes"


def _cores() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def _whole(given: Given, name: str, default: int, least: int, most: int) -> int:
    return int(_number(given, name, default, least, most, whole=True))


def _number(  # noqa: PLR0913 -- a setting and its bounds
    given: Given, name: str, default: float, least: float, most: float, *, whole: bool = False
) -> float:
    value = given[name]
    if not value:
        return default
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not least <= number <= most or (whole and number != int(number)):
        kind = "a whole number" if whole else "a number"
        raise SettingsError(f"{given.called(name)}: {value!r} is not {kind} from {least:g} to {most:,.0f}.")
    return number


def _remote(given: Given) -> RemoteSettings | None:
    called = given.called
    query, timeout = given["STORE"], given["STORE_TIMEOUT"]
    if not query:
        for name in ("UPDATE", "GRAPHS", "USER", "PASSWORD_FILE", "TIMEOUT"):
            if given[f"STORE_{name}"]:
                raise SettingsError(
                    f"{called(f'STORE_{name}')} is set, but {called('STORE')}, the query address, is not."
                )
        return None
    if given["STORE_USER"] and not given["STORE_PASSWORD_FILE"]:
        raise SettingsError(f"{called('STORE_USER')} is set, but {called('STORE_PASSWORD_FILE')} is not.")
    if timeout and not _TIMEOUT.fullmatch(timeout):
        raise SettingsError(
            f"{called('STORE_TIMEOUT')}: {timeout!r} is not a parameter with a place for a number. "
            "Write timeout={milliseconds} or timeout={seconds}."
        )
    return RemoteSettings(
        query=_address(given, "STORE"),
        update=_address(given, "STORE_UPDATE"),
        graphs=_address(given, "STORE_GRAPHS"),
        user=given["STORE_USER"],
        password=_password(given),
        timeout=timeout,
    )


def _address(given: Given, name: str) -> str:
    """An address without secrets in it; what is wrong is said without repeating one."""
    address, called = given[name], given.called(name)
    if not address:
        return ""
    try:
        parts = urlsplit(address)
        whole = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        whole = False
    if not whole:
        raise SettingsError(f"{called} is not an address such as https://store.example.org/query.")
    if "@" in parts.netloc:
        raise SettingsError(
            f"{called} holds a user or a password. Set NEXUSKB_STORE_USER and NEXUSKB_STORE_PASSWORD_FILE."
        )
    if parts.query or parts.fragment:
        raise SettingsError(f"{called} must end before the '?' or '#': parameters are added to it.")
    return address


def _password(given: Given) -> str:
    file, called = given["STORE_PASSWORD_FILE"], given.called("STORE_PASSWORD_FILE")
    if not file:
        return ""
    try:
        password = Path(file).read_text(encoding="utf-8").strip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise SettingsError(f"{called}: {file} cannot be read: {reason}.") from error
    if not password or not password.isprintable():
        raise SettingsError(f"{called}: {file} must hold the password on one line.")
    return password


def _directory(given: Given, name: str) -> Path:
    set_to, usual = given[name], name.lower()
    candidates = [Path(set_to)] if set_to else [_PACKAGE / "share" / usual, _CHECKOUT / usual]
    for candidate in candidates:
        if candidate.is_dir():
            return candidate.absolute()
    raise SettingsError(
        f"The directory {candidates[-1]} does not exist. Set {given.called(name)} to the directory of the "
        f"{usual} files."
    )
