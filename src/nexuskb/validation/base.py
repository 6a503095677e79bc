"""Validating the curated files: all of them, or some in the light of all.

pySHACL is the reference judge. Each shape is given its focus nodes directly, in portions spread over all
cores; the shapes are parsed once a process.
"""

from __future__ import annotations

import multiprocessing
import os
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from pathlib import Path

from pyshacl.pytypes import SHACLExecutor
from rdflib import DCTERMS, RDF, RDFS, SH, Graph, Literal, URIRef
from rdflib.term import IdentifiedNode, Node

from nexuskb.content import model_files
from nexuskb.errors import ContentError
from nexuskb.settings import Settings
from nexuskb.store.reading import read_triples
from nexuskb.terms import NX, bind_prefixes
from nexuskb.validation.duplicates import duplicates
from nexuskb.validation.paths import Repeated, Step, back
from nexuskb.validation.report import Report, Result, Violation, describe, describe_all, with_near_records
from nexuskb.validation.shapes import Shapes
from nexuskb.validation.triples import graph_of_triples

Progress = Callable[[int, int], None]
PORTION = 250
_SUPERCLASSES = Repeated(Step(URIRef(RDFS.subClassOf)))
_SUBCLASSES = Repeated(Step(URIRef(RDFS.subClassOf), inverse=True))


@dataclass(slots=True)
class Base:
    """Everything that a validation looks at: the data with its model, and the file of each subject."""

    shapes: Shapes
    data: Graph
    files: dict[Node, Path]
    _classes: dict[Node, frozenset[Node]] = field(default_factory=dict)

    def shapes_of(self, node: Node) -> frozenset[int]:
        """The numbers of the shapes that a node is a focus node of: by its classes and their superclasses."""
        targets = self.shapes.targets
        return frozenset(
            number for kind in self.data.objects(node, RDF.type)
            for cls in self._upwards(kind)
            for number in targets.get(cls, ())
        )  # fmt: skip

    def has_kind(self, node: Node) -> bool:
        """Whether a class of the node is one for records: a shape speaks for it, and it has no subclasses."""
        targets = self.shapes.targets.keys()
        return any(
            (None, RDFS.subClassOf, kind) not in self.data and not targets.isdisjoint(self._upwards(kind))
            for kind in self.data.objects(node, RDF.type)
        )

    def dated(self) -> set[Node]:
        """The focus nodes of the shapes whose verdicts change with the date alone."""
        kinds = {
            cls for target, numbers in self.shapes.targets.items()
            if not self.shapes.dated.isdisjoint(numbers)
            for cls in back(self.data, _SUPERCLASSES, {target})
        }  # fmt: skip
        return {node for cls in kinds for node in self.data.subjects(RDF.type, cls)}

    def forget_classes(self) -> None:
        """To be called when the class tree changed."""
        self._classes.clear()

    def _upwards(self, cls: Node) -> frozenset[Node]:
        found = self._classes.get(cls)
        if found is None:
            found = self._classes[cls] = frozenset(back(self.data, _SUBCLASSES, {cls}))
        return found


def validate(settings: Settings, paths: Iterable[Path] = (), progress: Progress | None = None) -> Report:
    """Validate the files under ``paths``, or all data files, together with everything they link to.

    A file under ``paths`` that lies outside the data directory is checked as if it were added to it.
    ``progress`` is called with focus nodes done and in all. Raises
    :class:`~nexuskb.errors.ContentError` for a path that is not there or not Turtle.
    """
    curated = sorted(settings.data.rglob("*.ttl"))
    chosen = sorted(_turtle_files(paths)) or curated
    base = gather(settings, sorted({*curated, *chosen}))
    among = {node for node, path in base.files.items() if path in set(chosen)}
    report = validate_nodes(base, among, progress)
    names = [str(name) for name in base.data.objects(None, DCTERMS.identifier)]
    report.violations = with_near_records(report.violations, names)
    if chosen != curated:  # of all, the audit asks it
        found = duplicates(base.data, among, settings.data)
        placed = (replace(each, file=str(base.files[URIRef(each.focus)])) for each in found)
        report.violations = sorted([*report.violations, *placed])
    return report


def validate_nodes(base: Base, among: Collection[Node], progress: Progress | None = None) -> Report:
    """Validate some subjects of a gathered base, on all cores."""
    portions = [
        (number, nodes[start : start + PORTION])
        for number, nodes in by_shape(base, among)
        for start in range(0, len(nodes), PORTION)
    ]
    base.shapes.forget()
    total, done = sum(len(nodes) for _, nodes in portions), 0
    violations = _without_kind(base, among)
    for found, count in _run(base, portions):
        violations |= found
        done += count
        if progress:
            progress(done, total)
    return _report(base, among, violations)


def check_nodes(base: Base, among: Collection[Node]) -> Report:
    """Validate some subjects of a gathered base here and now, without other processes."""
    base.shapes.forget()
    violations = _without_kind(base, among)
    for number, nodes in by_shape(base, among):
        violations |= _check(base, number, nodes)
    return _report(base, among, violations)


def check_dated(base: Base) -> Report:
    """Validate what is there against the shapes whose verdicts change with the date alone."""
    base.shapes.forget()
    among, violations = base.dated(), set[Violation]()
    for number, nodes in by_shape(base, among):
        if number in base.shapes.dated:
            violations |= _check(base, number, nodes)
    return _report(base, among, violations)


def _report(base: Base, among: Collection[Node], violations: set[Violation]) -> Report:
    records = sum(1 for node in among if (node, RDF.type, NX.Evidence) not in base.data)
    return Report(records, sorted(violations))


def by_shape(base: Base, among: Iterable[Node]) -> list[tuple[int, list[IdentifiedNode]]]:
    """The numbers of the shapes that speak for some nodes, each with its focus nodes among them."""
    focus: dict[int, list[IdentifiedNode]] = defaultdict(list)
    for node in sorted(node for node in among if isinstance(node, IdentifiedNode)):
        for number in base.shapes_of(node):
            focus[number].append(node)
    return sorted(focus.items())


def _turtle_files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from (found.absolute() for found in path.rglob("*.ttl"))
        elif path.is_file():
            yield path.absolute()
        else:
            raise ContentError(f"There is no file or directory {path}.")


def gather(settings: Settings, paths: list[Path]) -> Base:
    """The model and the records of some files. Raises :class:`~nexuskb.errors.ContentError`."""
    data = graph_of_triples()
    files: dict[Node, Path] = {}
    for _, triple in read_triples(model_files(settings)):
        data.add(triple)
    for path, triple in read_triples(paths):
        files.setdefault(triple[0], path)
        data.add(triple)
    return Base(Shapes.load(settings), bind_prefixes(data), files)


def _without_kind(base: Base, among: Iterable[Node]) -> set[Violation]:
    """Subjects that no shape speaks for: no kind that is missing, misspelt or too wide slips through."""
    found = set()
    for node in among:
        if not base.has_kind(node):
            types = base.data.objects(node, RDF.type)
            given = ", ".join(sorted(str(kind).removeprefix(str(NX)) for kind in types)) or "none"
            message = "Kind: say what kind of record this is, with one of the classes of the ontology."
            result = Result(node, None, Literal(given), message, blocking=True)
            found.add(describe(base.shapes, base.data, base.files, result))
    return found


_inherited: Base | None = None


def _run(
    base: Base, portions: list[tuple[int, list[IdentifiedNode]]]
) -> Iterator[tuple[set[Violation], int]]:
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


def _check_inherited(number: int, nodes: list[IdentifiedNode]) -> set[Violation]:
    if _inherited is None:
        raise RuntimeError("the base is handed to this process when it is forked")
    return _check(_inherited, number, nodes)


def _check(base: Base, number: int, nodes: list[IdentifiedNode]) -> set[Violation]:
    results = map(_result, raw_results(base, number, nodes))
    return describe_all(base.shapes, base.data, base.files, results)


def raw_results(base: Base, number: int, nodes: list[IdentifiedNode]) -> Iterator[dict[Node, Node]]:
    """The validation results (SHACL, 3.6.2) of a shape for its focus nodes, by property."""
    _, results = base.shapes.targeted[number][0].validate(SHACLExecutor(), base.data, focus=nodes)
    for _, described_node, triples in results:
        parts: dict[Node, Node] = {}
        for subject, predicate, value in triples:
            node = value[1] if isinstance(value, tuple) else value
            if subject == described_node and isinstance(node, Node):  # the others are details of this result
                parts[predicate] = node
        yield parts


def _result(parts: dict[Node, Node]) -> Result:
    return Result(
        focus=parts[SH.focusNode],
        source=parts.get(SH.sourceShape),
        value=parts.get(SH.value) if SH.resultPath in parts else None,
        message=str(parts.get(SH.resultMessage, "")),
        blocking=parts.get(SH.resultSeverity, SH.Violation) == SH.Violation,
        component=parts.get(SH.sourceConstraintComponent),
    )
