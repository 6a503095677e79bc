"""The accepted base as files: the curated files overlaid by what the ledger accepted.

An edit lands in the file where the record is, a new record in ``<area>/<kind>.ttl``. Files that the ledger
does not touch are copied byte by byte; the others are written by :mod:`nexuskb.exchange.turtle`, so that
equal bases give equal files.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rdflib import RDF, SKOS, Graph, URIRef
from rdflib.term import Node

from nexuskb.content import read_model, read_shapes
from nexuskb.errors import ContentError
from nexuskb.exchange.turtle import serialise
from nexuskb.fields import predicate_order, read_fields
from nexuskb.records.ledger import Ledger
from nexuskb.settings import Settings
from nexuskb.store.ntriples import Triple, checksum, read_ntriples, write_ntriples
from nexuskb.store.reading import read_triples
from nexuskb.terms import EV, NX, VOCABULARIES, record_identifier

#: The directory of what belongs to no State alone, and that of the policy paper's own records.
REGIONAL = "regional"
PAPER = "paper"

Overlay = Mapping[URIRef, bytes | None]


@dataclass(slots=True)
class AcceptedBase:
    """The accepted base by file, as paths relative to the data directory.

    ``touched`` are the files that differ from the curated ones; ``diverging`` records that were changed in
    the curated files after the ledger took them over, whose change therefore does not show.
    """

    files: dict[str, set[Triple]]
    touched: set[str] = field(default_factory=set)
    diverging: list[URIRef] = field(default_factory=list)

    def checksum(self) -> str:
        """SHA-256 of the canonical form of the whole base (RDFC-1.0)."""
        return checksum(triple for triples in self.files.values() for triple in triples)


def accepted_base(settings: Settings, ledger: Ledger, overlay: Overlay | None = None) -> AcceptedBase:
    """The accepted base of this moment. ``overlay`` stands in the place of the ledger's.

    Raises :class:`~nexuskb.errors.ContentError` for a curated file that cannot be read.
    """
    base = AcceptedBase({})
    place: dict[Node, str] = {}
    names: dict[Path, str] = {}
    for path, triple in read_triples(sorted(settings.data.rglob("*.ttl"))):
        name = names.setdefault(path, path.relative_to(settings.data).as_posix())
        base.files.setdefault(name, set()).add(triple)
        place.setdefault(triple[0], name)
    overlay = ledger.overlay() if overlay is None else overlay
    if not overlay:
        return base
    model = read_model(settings)
    curated = _by_record(base, overlay, place)
    for record, content in overlay.items():
        before = curated.get(record, set())
        after = set(read_ntriples(content)) if content else set()
        if before == after:
            continue
        if before and not _is_known(ledger, record, before):
            base.diverging.append(record)
        name = place.get(record) or file_of(record, after, model)
        base.touched.add(name)
        base.files[name] = (base.files.get(name, set()) - before) | after
    return base


def export(settings: Settings, ledger: Ledger, target: Path, *, replace: bool = False) -> AcceptedBase:
    """Write the accepted base to a directory, with the other files of the data directory beside it.

    The directory has to be new or empty; with ``replace`` it takes the place of the one that is there. It
    appears whole or not at all. Raises :class:`~nexuskb.errors.ContentError`.
    """
    target = target.absolute()
    if target.exists() and not (target.is_dir() and (replace or not any(target.iterdir()))):
        raise ContentError(
            f"{target} is there already and not empty. Choose a new directory, or --replace it."
        )
    base = accepted_base(settings, ledger)
    order = predicate_order(read_fields(read_shapes(settings)))
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    except OSError as error:
        raise ContentError(f"{target} cannot be written: {error.strerror}.") from error
    try:
        _write(settings, base, order, scratch / "new")
        if target.exists():
            target.rename(scratch / "old")
        (scratch / "new").rename(target)
    except OSError as error:
        raise ContentError(f"{target} cannot be written: {error.strerror}. Nothing was changed.") from error
    finally:
        if (scratch / "old").exists() and not target.exists():
            (scratch / "old").rename(target)
        shutil.rmtree(scratch, ignore_errors=True)
    return base


def file_of(record: URIRef, triples: Iterable[Triple], model: Graph) -> str:
    """The file for a new record: by the State it is about, or regional, and by its kind."""
    own = [(p, o) for s, p, o in triples if s == record]
    kinds = [str(o).removeprefix(str(NX)) for p, o in own if p == RDF.type]
    kind = "-".join(re.findall("[A-Z][a-z]*", kinds[0])).lower()
    plural = f"{kind[:-1]}ies" if kind.endswith("y") else f"{kind}s"
    directories = {_directory(o, model) for p, o in own if p == NX.area and isinstance(o, URIRef)}
    directory = directories.pop() if len(directories) == 1 else REGIONAL
    return f"{PAPER if kind.startswith('paper-') else directory}/{plural}.ttl"


def _directory(area: URIRef, model: Graph) -> str:
    for each in model.transitive_objects(area, SKOS.broader):
        if model.value(each, NX.isoAlpha3) is not None:
            return str(each).removeprefix(f"{VOCABULARIES}area/")
    return REGIONAL


def _by_record(base: AcceptedBase, overlay: Overlay, place: Mapping[Node, str]) -> dict[URIRef, set[Triple]]:
    """What the curated files say of the records of an overlay and their evidence."""
    wanted = {f"{EV}{record_identifier(record)}": record for record in overlay}
    found: dict[URIRef, set[Triple]] = {}
    for name in {place[record] for record in overlay if record in place}:
        for triple in base.files[name]:
            subject = triple[0]
            record = subject if subject in overlay else wanted.get(str(subject).rpartition("-e")[0])
            if isinstance(record, URIRef):
                found.setdefault(record, set()).add(triple)
    return found


def _is_known(ledger: Ledger, record: URIRef, curated: set[Triple]) -> bool:
    """Whether what the curated files hold is one of the revisions that the ledger has seen."""
    content = write_ntriples(t for t in curated if t[:2] != (record, NX.reviewState))
    rows = ledger.rows("SELECT content FROM revision WHERE record = ?", str(record))
    return any(bytes(row[0]) == content for row in rows)


def _write(settings: Settings, base: AcceptedBase, order: dict[URIRef, int], target: Path) -> None:
    shutil.copytree(settings.data, target, symlinks=True)
    for name in sorted(base.touched):
        path = target / name
        if not base.files[name]:
            path.unlink()
            continue
        path.parent.mkdir(exist_ok=True)
        path.write_text(serialise(base.files[name], order), encoding="utf-8")
    for path in target.rglob("*"):
        if path.is_file():
            with path.open("rb") as handle:
                os.fsync(handle.fileno())
