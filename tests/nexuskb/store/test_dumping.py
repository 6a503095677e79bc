"""Dumps of the whole base."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest

from nexuskb.errors import SettingsError
from nexuskb.store.dumping import SYNTAXES, read_dumps, write_dumps

LINES = [
    '<http://a.example/s> <http://a.example/p> "\u6c99\u6f20\u5316"@zh .'.encode(),
    b'<http://a.example/s> <http://a.example/p> "two\\nlines and a \\"." .',
    b"<http://a.example/s> <http://a.example/p> <http://a.example/o> .",
]
GRAPHS = {"http://a.example/one": LINES, "http://a.example/two": LINES[:1]}
_FORMATS = {
    "N-Quads": ox.RdfFormat.N_QUADS,
    "TriG": ox.RdfFormat.TRIG,
    "JSON-LD": ox.RdfFormat.JSON_LD,
}


def _quads(directory: Path, file: str, name: str) -> set[ox.Quad]:
    with gzip.open(directory / file) as read:
        return set(ox.parse(read, format=_FORMATS[name]))


def test_every_syntax_holds_the_same(tmp_path: Path) -> None:
    dumps = write_dumps(GRAPHS, tmp_path / "dumps")
    read = [_quads(tmp_path / "dumps", dump.file, dump.name) for dump in dumps]
    assert [dump.name for dump in dumps] == [syntax.name for syntax in SYNTAXES]
    assert len(read[0]) == 4
    assert read[0] == read[1] == read[2]


def test_checksums_and_sizes_are_those_of_the_files(tmp_path: Path) -> None:
    for dump in write_dumps(GRAPHS, tmp_path / "dumps"):
        content = (tmp_path / "dumps" / dump.file).read_bytes()
        assert (dump.size, dump.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert len(read_dumps(tmp_path / "dumps")) == 3


def test_equal_content_gives_equal_files_in_whatever_order_it_comes(tmp_path: Path) -> None:
    other = {graph: list(reversed(lines)) for graph, lines in reversed(GRAPHS.items())}
    assert write_dumps(GRAPHS, tmp_path / "one") == write_dumps(other, tmp_path / "two")


def test_nothing_is_left_of_dumps_that_break_off(tmp_path: Path) -> None:
    def broken() -> Iterator[bytes]:
        yield LINES[0]
        raise OSError(28, "No space left on device")

    with pytest.raises(SettingsError, match="No space left"):
        write_dumps({"http://a.example/one": broken()}, tmp_path / "dumps")
    assert list(tmp_path.iterdir()) == []
    assert read_dumps(tmp_path / "dumps") == ()
