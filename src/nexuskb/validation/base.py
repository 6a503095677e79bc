"""Validating the curated files: all of them, or some in the light of all.

pySHACL is the reference judge. Each shape is given its focus nodes directly, in portions spread over all
cores; the shapes are parsed once a process.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from pyshacl.pytypes import SHACLExecutor
from rdflib import RDF, RDFS, SH, Graph, Literal, URIRef
from rdflib.term import IdentifiedNode, Node

from nexuskb.content import read_model, read_turtle
from nexuskb.errors import ContentError
from nexuskb.settings import Settings
from nexuskb.terms import NX
from nexuskb.validation.report import Report, Result, Violation, describe
from nexuskb.validation.shapes import Shapes

Progress = Callable[[int, int], None]
PORTION = 250


@dataclass(slots=True)
class Base:
    """Everything that a validation looks at: the data with its model, and the file of each subject."""

    shapes: Shapes
    model: Graph
    data: Graph
    files: dict[Node, Path]

    def focus_nodes(self, classes: frozenset[URIRef], among: set[Node]) -> list[IdentifiedNode]:
        """The instances of the classes or their subclasses (SHACL, 2.1.3.2) among some nodes."""
        wanted = {sub for cls in classes for sub in self.model.transitive_subjects(RDFS.subClassOf, cls)}
        nodes = {node for cls in wanted for node in self.data.subjects(RDF.type, cls)}
        return sorted(node for node in nodes & among if isinstance(node, IdentifiedNode))


def validate(settings: Settings, paths: Iterable[Path] = (), progress: Progress | None = None) -> Report:
    """Validate the files under ``paths``, or all data files, together with everything they link to.

    A file under ``paths`` that lies outside the data directory is checked as if it were added to it.
    ``progress`` is called with focus nodes done and in all. Raises
    :class:`~nexuskb.errors.ContentError` for a path that is not there or not Turtle.
    """
    curated = sorted(settings.data.rglob("*.ttl"))
    chosen = sorted(_turtle_files(paths)) or curated
    base = _gather(settings, sorted({*curated, *chosen}))
    among = {node for node, path in base.files.items() if path in set(chosen)}
    return validate_nodes(base, among, progress)


def validate_nodes(base: Base, among: set[Node], progress: Progress | None = None) -> Report:
    """Validate some subjects of a gathered base."""
    portions = [
        (number, nodes[start : start + PORTION])
        for number, (_, classes) in enumerate(base.shapes.targeted)
        for nodes in [base.focus_nodes(classes, among)]
        for start in range(0, len(nodes), PORTION)
    ]
    total, done = sum(len(nodes) for _, nodes in portions), 0
    violations: set[Violation] = set()
    for found, count in _run(base, portions):
        violations.update(found)
        done += count
        if progress:
            progress(done, total)
    violations.update(_unknown_subjects(base, among))
    records = sum(1 for node in among if (node, RDF.type, NX.Evidence) not in base.data)
    return Report(records, sorted(violations))


def _turtle_files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from (found.absolute() for found in path.rglob("*.ttl"))
        elif path.is_file():
            yield path.absolute()
        else:
            raise ContentError(f"There is no file or directory {path}.")


def _gather(settings: Settings, paths: list[Path]) -> Base:
    model = read_model(settings)
    data = Graph()
    files: dict[Node, Path] = {}
    for path in paths:
        for triple in read_turtle([path]):
            files.setdefault(triple[0], path)
            data.add(triple)
    return Base(Shapes.load(settings), model, data + model, files)


def _unknown_subjects(base: Base, among: set[Node]) -> Iterator[Violation]:
    """Subjects that no shape speaks for: no kind that is missing, misspelt or too wide slips through."""
    kinds = {cls for _, classes in base.shapes.targeted for cls in classes}
    known = {sub for cls in kinds for sub in base.model.transitive_subjects(RDFS.subClassOf, cls)}
    known -= set(base.model.objects(None, RDFS.subClassOf))
    for node in among:
        types = set(base.data.objects(node, RDF.type))
        if not types & known:
            given = ", ".join(sorted(str(kind).removeprefix(str(NX)) for kind in types)) or "none"
            message = "Kind: say what kind of record this is, with one of the classes of the ontology."
            result = Result(node, None, Literal(given), message, blocking=True)
            yield describe(base.shapes, base.model, base.files, result)


_inherited: Base | None = None


def _run(
    base: Base, portions: list[tuple[int, list[IdentifiedNode]]]
) -> Iterator[tuple[list[Violation], int]]:
    global _inherited  # noqa: PLW0603 -- handed to the workers by fork, without copying the graphs
    workers = min(os.cpu_count() or 1, len(portions))
    if workers < 2:
        yield from ((_check(base, *portion), len(portion[1])) for portion in portions)
        return
    _inherited = base
    try:
        with ProcessPoolExecutor(workers, multiprocessing.get_context("fork")) as pool:
            waiting = {pool.submit(_check_inherited, *portion): len(portion[1]) for portion in portions}
            for future in as_completed(waiting):
                yield future.result(), waiting[future]
    finally:
        _inherited = None


def _check_inherited(number: int, nodes: list[IdentifiedNode]) -> list[Violation]:
    if _inherited is None:
        raise RuntimeError("the base is handed to this process when it is forked")
    return _check(_inherited, number, nodes)


def _check(base: Base, number: int, nodes: list[IdentifiedNode]) -> list[Violation]:
    shape = base.shapes.targeted[number][0]
    _, results = shape.validate(SHACLExecutor(), base.data, focus=nodes)
    return [_violation(base, result) for result in results]


def _violation(base: Base, result: tuple[str, Node, list[tuple[Node, Node, object]]]) -> Violation:
    _, described_node, triples = result
    parts: dict[Node, Node] = {}
    for subject, predicate, value in triples:
        node = value[1] if isinstance(value, tuple) else value
        if subject == described_node and isinstance(node, Node):  # the others are details of this result
            parts[predicate] = node
    described = Result(
        focus=parts[SH.focusNode],
        source=parts.get(SH.sourceShape),
        value=parts.get(SH.value) if SH.resultPath in parts else None,
        message=str(parts.get(SH.resultMessage, "")),
        blocking=parts.get(SH.resultSeverity, SH.Violation) == SH.Violation,
    )
    return describe(base.shapes, base.model, base.files, described)
