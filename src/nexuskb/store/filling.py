"""Filling the embedded store from the curated files, and bringing it up to date when they change.

Each content has a directory of its own under ``home/generations``, named by its fingerprint, with the store
and the search index in it. It is built beside, flushed, and moved into place, so that a half-built store is
never opened, and store and index always belong together.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyoxigraph as ox

from nexuskb.content import ContentFile, fingerprint, store_files
from nexuskb.errors import ContentError, SettingsError
from nexuskb.rules import Rule, read_rules, rule_files
from nexuskb.search.building import write_index
from nexuskb.search.documents import read_documents
from nexuskb.search.index import INDEX_FILE
from nexuskb.settings import Settings
from nexuskb.store.embedded import OxigraphStore
from nexuskb.terms import GRAPHS, PREFIXES

Progress = Callable[[int, int, str], None]
_SCRATCH = "building-"


def open_store(settings: Settings, progress: Progress | None = None) -> OxigraphStore:
    """The embedded store with the present content of the curated files.

    Fills it first if it is empty or the files changed; ``progress`` is called with files done, files in all
    and the file's name. Raises :class:`ContentError` or :class:`SettingsError`.
    """
    directory, generation = prepare(settings, progress)
    return OxigraphStore.open(directory, generation)


def prepare(settings: Settings, progress: Progress | None = None) -> tuple[Path, str]:
    """Make sure that the store of the present content is on disk; its directory and generation."""
    files = store_files(settings)
    generation = fingerprint(files, rule_files(settings))
    generations = settings.home / "generations"
    target = generations / generation
    if target.is_dir():
        os.utime(target)  # in use again: the last to be forgotten
        return target, generation
    try:
        generations.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(
            f"The home directory {settings.home} cannot be written: {error.strerror}. Set NEXUSKB_HOME."
        ) from error
    with _only_one(settings.home / "filling.lock"):
        if not target.is_dir():
            _build(settings, files, target, progress)
            _forget_older(generations, keep=target)
    return target, generation


@contextmanager
def _only_one(lock: Path) -> Iterator[None]:
    with lock.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _build(settings: Settings, files: list[ContentFile], target: Path, progress: Progress | None) -> None:
    generations = target.parent
    scratch = Path(tempfile.mkdtemp(prefix=_SCRATCH, dir=generations))
    try:
        store = ox.Store(str(scratch))
        store.bulk_extend(_quads(files, progress))
        store.bulk_extend(_derived(store, read_rules(settings)))
        store.flush()
        write_index(scratch / INDEX_FILE, read_documents(OxigraphStore(store, target.name)))
        del store
        scratch.rename(target)
        _sync_directory(generations)
    except BaseException:
        shutil.rmtree(scratch, ignore_errors=True)
        raise
    if progress:
        progress(len(files), len(files), "")


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


def _derived(store: ox.Store, rules: list[Rule]) -> list[ox.Quad]:
    """What the rules conclude from the curated graphs."""
    graph = ox.NamedNode(str(GRAPHS.derived))
    quads = []
    for rule in rules:
        try:
            triples = store.query(rule.query, prefixes=PREFIXES, use_default_graph_as_union=True)
        except SyntaxError as error:
            raise ContentError(f"The rule {rule.name} does not parse: {error}") from error
        if not isinstance(triples, ox.QueryTriples):
            raise ContentError(f"The rule {rule.name} is not a CONSTRUCT query.")
        quads += [ox.Quad(triple.subject, triple.predicate, triple.object, graph) for triple in triples]
    return quads


def _forget_older(generations: Path, keep: Path) -> None:
    """Remove other generations but the newest one, which a running server may still be reading.

    What a filling left behind that was killed goes as well: only one fills at a time.
    """
    for path in generations.glob(f"{_SCRATCH}*"):
        shutil.rmtree(path, ignore_errors=True)
    others = [p for p in generations.iterdir() if p.is_dir() and p != keep]
    for path in sorted(others, key=lambda p: p.stat().st_mtime, reverse=True)[1:]:
        shutil.rmtree(path, ignore_errors=True)


def _sync_directory(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
