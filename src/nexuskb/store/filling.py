"""Filling the embedded store from the accepted base, and bringing it up to date when that changes.

The accepted base are the curated files, overlaid by the ledger. Each content has a directory of its own under
``home/generations``, with the store and the search index in it. It is built beside, flushed, and moved into
place, so that a half-built store is never opened, and store and index always belong together. Where only the
ledger went on, a copy of an earlier generation is changed; the large files of its store are shared with it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from itertools import takewhile
from pathlib import Path
from typing import Final

import pyoxigraph as ox

from nexuskb.content import ContentFile, fingerprint, store_files
from nexuskb.errors import ContentError, SettingsError
from nexuskb.holding import IN_USE, is_held, only_one
from nexuskb.records.ledger import LEDGER_FILE, Accepted, Ledger
from nexuskb.rules import read_rules, rule_files
from nexuskb.search.building import update_index, write_index
from nexuskb.search.documents import read_documents
from nexuskb.search.index import INDEX_FILE
from nexuskb.settings import Settings
from nexuskb.store.changing import Records, change
from nexuskb.store.deriving import DERIVED, derive
from nexuskb.store.embedded import QUADS_FILE, OxigraphStore

Progress = Callable[[int, int, str], None]
_SCRATCH: Final = "building-"
_CONTENT_FILE: Final = "content.json"


@dataclass(frozen=True, slots=True)
class Content:
    """What a generation holds: the fingerprint of the files, and the accepted changes of the ledger.

    ``seq`` is the number of the last of these and ``head`` the ledger's head after it.
    """

    files: str
    seq: int = 0
    head: str = ""

    @property
    def generation(self) -> str:
        """The name of this content; equal names mean equal content."""
        if not self.head:
            return self.files
        return hashlib.sha256(f"{self.files}\0{self.head}".encode()).hexdigest()[:32]

    def after(self, accepted: Accepted) -> Content:
        """The content with one more change in it."""
        return Content(self.files, accepted.seq, accepted.head)


@dataclass(frozen=True, slots=True)
class Filled:
    """A generation on disk: what it holds and the directory of its store and its index."""

    content: Content
    directory: Path

    def store(self) -> OxigraphStore:
        """The store, for reading."""
        return OxigraphStore.open(self.directory, self.content.generation)


def open_store(settings: Settings, progress: Progress | None = None) -> OxigraphStore:
    """The embedded store with the present accepted base.

    Fills it first if it is empty or the base changed; ``progress`` is called with files done, files in all
    and the file's name. Raises :class:`ContentError`, :class:`SettingsError` or
    :class:`~nexuskb.errors.LedgerError`.
    """
    return fill(settings, progress).store()


def prepare(settings: Settings, progress: Progress | None = None) -> tuple[Path, str]:
    """Make sure that the store of the present base is on disk; its directory and generation."""
    filled = fill(settings, progress)
    return filled.directory, filled.content.generation


def fill(settings: Settings, progress: Progress | None = None, seq: int | None = None) -> Filled:
    """Make sure that the present base is on disk, from as near a generation as there is.

    With ``seq``, it is the base as it was after that accepted change.
    """
    files = store_files(settings)
    printed = fingerprint(files, rule_files(settings))
    with _ledger(settings.home) as ledger:
        wanted = _at(printed, ledger, seq)
        generations = settings.home / "generations"
        target = Filled(wanted, generations / wanted.generation)
        if target.directory.is_dir():
            os.utime(target.directory)  # in use again: the last to be forgotten
            return target
        try:
            generations.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SettingsError(
                f"The home directory {settings.home} cannot be written: {error.strerror}. Set NEXUSKB_HOME."
            ) from error
        with only_one(settings.home / "filling.lock"):
            if not target.directory.is_dir():
                nearest = _nearest(generations, wanted, ledger)
                records = _changes(ledger, nearest.content.seq if nearest else 0, wanted.seq)
                with _built(target) as scratch:
                    if nearest:
                        _advance(settings, nearest.directory, scratch, records)
                    else:
                        _build(settings, files, scratch, records, progress)
                _forget_older(generations, keep=target.directory)
                if progress and not nearest:
                    progress(len(files), len(files), "")
    return target


@contextmanager
def _ledger(home: Path) -> Iterator[Ledger | None]:
    """The ledger, if anybody ever entered anything."""
    if not (home / LEDGER_FILE).exists():
        yield None
        return
    with Ledger.open(home) as ledger:
        yield ledger


def _at(files: str, ledger: Ledger | None, seq: int | None) -> Content:
    if ledger is None:
        return Content(files)
    seq = ledger.seq if seq is None else seq
    return Content(files, seq, ledger.head_at(seq) or "")


def _changes(ledger: Ledger | None, after: int, last: int) -> dict[str, bytes | None]:
    """What records have become by the accepted changes after one up to another."""
    if ledger is None:
        return {}
    changes = takewhile(lambda change: change.seq <= last, ledger.accepted(after))
    return {str(change.record): change.triples for change in changes}


def _nearest(generations: Path, wanted: Content, ledger: Ledger | None) -> Filled | None:
    """The newest generation on disk of the same files that the ledger has gone through."""
    found = [
        filled
        for filled in _on_disk(generations)
        if filled.content.files == wanted.files
        and filled.content.seq < wanted.seq
        and ledger
        and ledger.head_at(filled.content.seq) == filled.content.head
    ]
    return max(found, key=lambda filled: filled.content.seq, default=None)


def _on_disk(generations: Path) -> Iterator[Filled]:
    for path in generations.iterdir():
        try:
            held = json.loads((path / _CONTENT_FILE).read_text(encoding="utf-8"))
        except OSError:
            continue
        if path.name == (content := Content(**held)).generation:
            yield Filled(content, path)


@contextmanager
def _built(target: Filled) -> Iterator[Path]:
    """A directory to build in that becomes the target when all went well and is gone otherwise."""
    generations = target.directory.parent
    scratch = Path(tempfile.mkdtemp(prefix=_SCRATCH, dir=generations))
    try:
        yield scratch
        (scratch / _CONTENT_FILE).write_text(json.dumps(asdict(target.content)), encoding="utf-8")
        scratch.rename(target.directory)
        _sync_directory(generations)
    except BaseException:
        shutil.rmtree(scratch, ignore_errors=True)
        raise


def _build(
    settings: Settings, files: list[ContentFile], scratch: Path, records: Records, progress: Progress | None
) -> None:
    store = ox.Store(str(scratch))
    store.bulk_extend(_quads(files, progress))
    change(store, records, rules=())
    derived = derive(store, read_rules(settings))
    store.bulk_extend(ox.Quad(triple.subject, triple.predicate, triple.object, DERIVED) for triple in derived)
    store.flush()
    write_index(scratch / INDEX_FILE, read_documents(OxigraphStore(store, "")))


def _advance(settings: Settings, source: Path, scratch: Path, records: Records) -> None:
    """Make the next generation of an earlier one and what records have become since."""
    copy_store(source, scratch)
    store = ox.Store(str(scratch))
    effect = change(store, records, read_rules(settings))
    store.flush()
    with closing(sqlite3.connect(scratch / INDEX_FILE, isolation_level=None)) as index:
        index.execute("BEGIN")
        update_index(index, effect.documents)
        index.execute("COMMIT")


def copy_store(source: Path, target: Path) -> None:
    """Copy the files of a generation to a directory of the same file system, where they may change."""
    for path in source.iterdir():
        if path.suffix == ".sst":  # these are never written again
            os.link(path, target / path.name)
        elif path.is_file() and path.name not in (IN_USE, QUADS_FILE) and not path.name.startswith("."):
            shutil.copyfile(path, target / path.name)


def _quads(files: list[ContentFile], progress: Progress | None) -> Iterator[ox.Quad]:
    """All quads in one stream: one bulk load of everything is ten times as fast as one a file."""
    for done, file in enumerate(files):
        if progress:
            progress(done, len(files), file.path.name)
        graph = ox.NamedNode(str(file.graph))
        try:
            for quad in ox.parse(path=str(file.path), format=ox.RdfFormat.TURTLE):
                yield ox.Quad(quad.subject, quad.predicate, quad.object, graph)
        except SyntaxError as error:
            raise ContentError(f"The file {file.path} is not readable Turtle: {error}") from error


def _forget_older(generations: Path, keep: Path) -> None:
    """Remove other generations but the newest one and those that are held.

    What a filling left behind that was killed goes as well: only one fills at a time.
    """
    for path in generations.glob(f"{_SCRATCH}*"):
        shutil.rmtree(path, ignore_errors=True)
    others = [p for p in generations.iterdir() if p.is_dir() and p != keep]
    for path in sorted(others, key=lambda p: p.stat().st_mtime, reverse=True)[1:]:
        if not is_held(path):
            shutil.rmtree(path, ignore_errors=True)


def _sync_directory(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
