"""The store in memory is the one on disk, whether its quads are in a file already, or can be in none."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyoxigraph as ox
import pytest

from nexuskb.settings import Settings
from nexuskb.sparql import forkserver
from nexuskb.sparql.forkserver import copy_to_memory
from nexuskb.store.embedded import QUADS_FILE
from nexuskb.store.filling import fill


@pytest.fixture
def directory(settings: Settings, tmp_path: Path) -> Path:
    """A generation of few records, of its own."""
    (tmp_path / "data").mkdir()
    shutil.copy(settings.data / "mng" / "policies.ttl", tmp_path / "data")
    return fill(Settings(settings.ontology, tmp_path / "data", tmp_path / "home")).directory


def test_the_first_to_read_a_store_leaves_its_quads_for_the_next(directory: Path) -> None:
    wanted = set(ox.Store.read_only(str(directory)))
    assert set(copy_to_memory(directory)) == wanted
    held = (directory / QUADS_FILE).read_bytes()
    assert len(held.splitlines()) == len(wanted)
    assert set(copy_to_memory(directory)) == wanted
    assert [path.name for path in directory.iterdir() if path.name.startswith(".")] == []


def test_a_store_is_read_where_there_is_no_room_for_its_quads(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(forkserver.os, "fsync", full)
    assert set(copy_to_memory(directory)) == set(ox.Store.read_only(str(directory)))
    assert not (directory / QUADS_FILE).exists()
