"""The index follows the content: it is built with the store, and anew when a file changes."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from nexuskb.search import SearchIndex, open_index
from nexuskb.search.index import INDEX_FILE
from nexuskb.settings import Settings
from nexuskb.store import filling
from nexuskb.store.filling import open_store, prepare


@pytest.fixture
def small(settings: Settings, tmp_path: Path) -> Settings:
    """A base with the ontology and the policies of one State."""
    (tmp_path / "data" / "mng").mkdir(parents=True)
    shutil.copy(settings.data / "mng" / "policies.ttl", tmp_path / "data" / "mng")
    return Settings(settings.ontology, tmp_path / "data", tmp_path / "home")


def opened(settings: Settings) -> SearchIndex:
    directory, _ = prepare(settings)
    return open_index(directory / INDEX_FILE)


def change(settings: Settings, old: str, new: str) -> None:
    path = settings.data / "mng" / "policies.ttl"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_the_index_follows_a_change_of_a_file(small: Settings) -> None:
    before = opened(small)
    assert before.search("Constitution").total == 1
    assert before.search("Zanzibar").total == 0
    change(small, "Constitution of Mongolia", "Zanzibar of Mongolia")
    after = opened(small)
    assert [hit.label for hit in after.search("Zanzibar").hits] == ["Zanzibar of Mongolia"]
    assert before.search("Zanzibar").total == 0


def test_an_open_index_stays_good_when_its_generation_is_removed(small: Settings) -> None:
    before = opened(small)
    for number in range(3):
        change(small, "of Mongolia", f"{number} of Mongolia")
        opened(small)
    assert len(list((small.home / "generations").iterdir())) == 2
    assert before.search("Constitution").total == 1


def test_store_and_index_are_in_one_generation(small: Settings) -> None:
    directory, generation = prepare(small)
    assert directory.name == generation == open_store(small).generation
    assert (directory / INDEX_FILE).is_file()


def test_without_a_whole_index_there_is_no_generation(
    small: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(path: Path, documents: object) -> None:
        path.write_bytes(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(filling, "write_index", fail)
    with pytest.raises(OSError, match="disk full"):
        prepare(small)
    assert list((small.home / "generations").iterdir()) == []


def test_equal_content_gives_equal_indexes(small: Settings, tmp_path: Path) -> None:
    other = Settings(small.ontology, small.data, tmp_path / "other")
    assert opened(small).search("pasture", limit=100) == opened(other).search("pasture", limit=100)


def test_a_base_without_records_has_an_empty_index(small: Settings) -> None:
    (small.data / "mng" / "policies.ttl").unlink()
    assert opened(small).search("").total == 0


def test_an_open_index_cannot_be_written(small: Settings) -> None:
    directory, _ = prepare(small)
    connection = sqlite3.connect(f"file:{directory / INDEX_FILE}?mode=ro&immutable=1", uri=True)
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        connection.execute("DELETE FROM record")
