"""Where things are: the curated files, the home of the embedded store, and a remote store if there is one.

All of it comes from the environment, with sane defaults.
"""

from __future__ import annotations

import math
import os
import re
import sys
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit

from nexuskb.errors import SettingsError
from nexuskb.sparql.limits import PoolLimits

_PACKAGE = Path(__file__).resolve().parent
_CHECKOUT = _PACKAGE.parents[1]


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
    """Read ``NEXUSKB_ONTOLOGY``, ``NEXUSKB_DATA`` and ``NEXUSKB_HOME``.

    Without them: the directories that came with the package or the checkout, and ``nexuskb`` under the
    user's data directory (XDG Base Directory Specification). ``NEXUSKB_STORE`` and the settings that go with
    it (docs/remote-stores.md) name a remote store. Raises :class:`SettingsError`.
    """
    share = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Settings(
        ontology=_directory("NEXUSKB_ONTOLOGY", "ontology"),
        data=_directory("NEXUSKB_DATA", "data"),
        home=Path(os.environ.get("NEXUSKB_HOME") or Path(share) / "nexuskb").absolute(),
        store=_remote(),
    )


@dataclass(frozen=True, slots=True)
class ServingSettings:
    """How queries are served: the limits of the pool, where its workers have the store (``memory`` or
    ``disk``), the proxies whose word on a client's address is taken (addresses or networks), and the origins
    of other sites whose pages may read answers (``*`` for all). With ``machine_translations``, pages show
    texts that a machine has translated and nobody has checked.
    """

    limits: PoolLimits = field(default_factory=PoolLimits)
    mode: str = "memory"
    proxies: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    machine_translations: bool = False


def load_serving() -> ServingSettings:
    """Read the limits of the server from the environment (docs/settings.md).

    Raises :class:`SettingsError`.
    """
    defaults = PoolLimits()
    mode = os.environ.get("NEXUSKB_STORE_MODE") or "memory"
    if mode not in ("memory", "disk"):
        raise SettingsError(f"NEXUSKB_STORE_MODE: {mode!r} is neither memory nor disk.")
    proxies = tuple(os.environ.get("NEXUSKB_PROXIES", "").replace(",", " ").split())
    for proxy in proxies:
        try:
            ip_network(proxy)
        except ValueError as error:
            raise SettingsError(f"NEXUSKB_PROXIES: {error}. Write addresses such as 10.0.0.1.") from error
    limits = PoolLimits(
        seconds=_number("NEXUSKB_QUERY_SECONDS", defaults.seconds, 0.1, 3600),
        memory=int(_number("NEXUSKB_QUERY_MEMORY_MB", defaults.memory / 1024**2, 16, 1024**2)) * 1024**2,
        workers=int(_number("NEXUSKB_WORKERS", max(2, _cores()), 1, 256)),
        waiting=int(_number("NEXUSKB_QUEUE", defaults.waiting, 0, 10_000)),
        client_seconds=_number("NEXUSKB_CLIENT_SECONDS", defaults.client_seconds, 0, 86_400),
    )
    return ServingSettings(limits, mode, proxies, _origins(), _yes_or_no("NEXUSKB_MACHINE_TRANSLATIONS"))


def _origins() -> tuple[str, ...]:
    """Origins (RFC 6454): scheme, host and port, as a browser sends them."""
    origins = tuple(os.environ.get("NEXUSKB_CORS_ORIGINS", "").replace(",", " ").split())
    for origin in origins:
        if origin != "*" and not _ORIGIN.fullmatch(origin):
            raise SettingsError(
                f"NEXUSKB_CORS_ORIGINS: {origin!r} is no origin. Write https://app.example.org, in small "
                "letters and without a path or a slash at the end, several with spaces between; * is for all."
            )
    return origins


def _yes_or_no(variable: str) -> bool:
    given = os.environ.get(variable) or "no"
    if given not in ("yes", "no"):
        raise SettingsError(f"{variable}: {given!r} is neither yes nor no.")
    return given == "yes"


def _cores() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def _number(variable: str, default: float, least: float, most: float) -> float:
    given = os.environ.get(variable)
    if not given:
        return default
    try:
        number = float(given)
    except ValueError:
        number = math.nan
    whole = variable not in ("NEXUSKB_QUERY_SECONDS", "NEXUSKB_CLIENT_SECONDS")
    if not least <= number <= most or (whole and number != int(number)):
        kind = "a whole number" if whole else "a number"
        raise SettingsError(f"{variable}: {given!r} is not {kind} from {least:g} to {most:,.0f}.")
    return number


def _remote() -> RemoteSettings | None:
    names = ("UPDATE", "GRAPHS", "USER", "PASSWORD_FILE", "TIMEOUT")
    given = {name: os.environ.get(f"NEXUSKB_STORE_{name}", "") for name in names}
    query = os.environ.get("NEXUSKB_STORE", "")
    if not query:
        if without := [f"NEXUSKB_STORE_{name}" for name in names if given[name]]:
            raise SettingsError(f"{without[0]} is set, but NEXUSKB_STORE, the query address, is not.")
        return None
    if given["USER"] and not given["PASSWORD_FILE"]:
        raise SettingsError("NEXUSKB_STORE_USER is set, but NEXUSKB_STORE_PASSWORD_FILE is not.")
    if given["TIMEOUT"] and not _TIMEOUT.fullmatch(given["TIMEOUT"]):
        raise SettingsError(
            f"NEXUSKB_STORE_TIMEOUT: {given['TIMEOUT']!r} is not a parameter with a place for a number. "
            "Write timeout={milliseconds} or timeout={seconds}."
        )
    return RemoteSettings(
        query=_address("NEXUSKB_STORE", query),
        update=_address("NEXUSKB_STORE_UPDATE", given["UPDATE"]),
        graphs=_address("NEXUSKB_STORE_GRAPHS", given["GRAPHS"]),
        user=given["USER"],
        password=_password(given["PASSWORD_FILE"]),
        timeout=given["TIMEOUT"],
    )


def _address(variable: str, given: str) -> str:
    """An address without secrets in it; what is wrong is said without repeating one."""
    if not given:
        return ""
    try:
        parts = urlsplit(given)
        whole = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        whole = False
    if not whole:
        raise SettingsError(f"{variable} is not an address such as https://store.example.org/query.")
    if "@" in parts.netloc:
        raise SettingsError(
            f"{variable} holds a user or a password. Set NEXUSKB_STORE_USER and NEXUSKB_STORE_PASSWORD_FILE."
        )
    if parts.query or parts.fragment:
        raise SettingsError(f"{variable} must end before the '?' or '#': parameters are added to it.")
    return given


def _password(file: str) -> str:
    if not file:
        return ""
    try:
        password = Path(file).read_text(encoding="utf-8").strip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise SettingsError(f"NEXUSKB_STORE_PASSWORD_FILE: {file} cannot be read: {reason}.") from error
    if not password or not password.isprintable():
        raise SettingsError(f"NEXUSKB_STORE_PASSWORD_FILE: {file} must hold the password on one line.")
    return password


def _directory(variable: str, name: str) -> Path:
    given = os.environ.get(variable)
    candidates = [Path(given)] if given else [_PACKAGE / "share" / name, _CHECKOUT / name]
    for candidate in candidates:
        if candidate.is_dir():
            return candidate.absolute()
    raise SettingsError(
        f"The directory {candidates[-1]} does not exist. Set {variable} to the directory of the {name} files."
    )
