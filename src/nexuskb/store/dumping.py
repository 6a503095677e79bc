"""The whole base as files: N-Quads, TriG and JSON-LD, compressed, each with its checksum.

Equal content gives equal files: statements are in the order of their graphs and of their text, and no
time is written (RFC 1952). A directory of dumps is whole or not there.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Final, cast

import pyoxigraph as ox

from nexuskb.errors import SettingsError

#: The file that lists the others of a directory of dumps.
LIST: Final = "dumps.json"


@dataclass(frozen=True, slots=True)
class Syntax:
    """A syntax for whole datasets: the file that it goes to, its name and its media type."""

    file: str
    name: str
    media_type: str


N_QUADS: Final = Syntax("nexuskb.nq.gz", "N-Quads", "application/n-quads")
TRIG: Final = Syntax("nexuskb.trig.gz", "TriG", "application/trig")
JSON_LD: Final = Syntax("nexuskb.jsonld.gz", "JSON-LD", "application/ld+json")
SYNTAXES: Final = (TRIG, N_QUADS, JSON_LD)


@dataclass(frozen=True, slots=True)
class Dump:
    """A file of the whole base: its name, syntax, size in bytes, and its SHA-256 in hexadecimal digits."""

    file: str
    name: str
    media_type: str
    size: int
    sha256: str


def write_dumps(graphs: Mapping[str, Iterable[bytes]], directory: Path) -> tuple[Dump, ...]:
    """Write all dumps of some graphs, given as lines of N-Triples by IRI, into a new directory.

    Raises :class:`~nexuskb.errors.SettingsError` if it cannot be written; then nothing is left of it.
    """
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=f".{directory.name}-", dir=directory.parent))
        try:
            dumps = _write(graphs, scratch)
            scratch.chmod(0o755)
            scratch.rename(directory)
        except BaseException:
            shutil.rmtree(scratch, ignore_errors=True)
            raise
    except OSError as error:
        raise SettingsError(f"The dumps cannot be written to {directory}: {error.strerror}.") from error
    return dumps


def read_dumps(directory: Path) -> tuple[Dump, ...]:
    """The dumps in a directory; none if there is no such directory."""
    try:
        return tuple(Dump(**told) for told in json.loads((directory / LIST).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return ()


def _write(graphs: Mapping[str, Iterable[bytes]], scratch: Path) -> tuple[Dump, ...]:
    with _compressed(scratch / N_QUADS.file) as quads, _compressed(scratch / TRIG.file) as trig:
        for graph in sorted(graphs):
            name = f"<{graph}>".encode()
            trig.write(b"GRAPH " + name + b" {\n")
            for line in sorted(line.rstrip() for line in graphs[graph] if line.strip()):
                trig.write(line + b"\n")
                quads.write(line.removesuffix(b".") + name + b" .\n")
            trig.write(b"}\n")
    with (
        gzip.open(scratch / N_QUADS.file) as quads_read,
        _compressed(scratch / JSON_LD.file) as linked,
    ):
        ox.serialize(
            ox.parse(cast("IO[bytes]", quads_read), format=ox.RdfFormat.N_QUADS),
            cast("IO[bytes]", linked),
            format=ox.RdfFormat.JSON_LD,
        )
    dumps = tuple(_described(scratch, syntax) for syntax in SYNTAXES)
    (scratch / LIST).write_text(json.dumps([asdict(dump) for dump in dumps], indent=2), encoding="utf-8")
    return dumps


@contextmanager
def _compressed(path: Path) -> Iterator[gzip.GzipFile]:
    with path.open("wb") as raw:
        with gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=raw, mtime=0) as out:
            yield out
        raw.flush()
        os.fsync(raw.fileno())


def _described(scratch: Path, syntax: Syntax) -> Dump:
    path = scratch / syntax.file
    with path.open("rb") as read:
        digest = hashlib.file_digest(read, "sha256").hexdigest()
    return Dump(syntax.file, syntax.name, syntax.media_type, path.stat().st_size, digest)
