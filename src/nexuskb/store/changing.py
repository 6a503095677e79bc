"""A change of some records in a store: their statements, what is derived from them, what is found of them.

The cost grows with the change and with what it touches, not with the base. A store after any number of
changes is the same as one filled from what the records have become.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import pyoxigraph as ox

from nexuskb.errors import ContentError
from nexuskb.rules import Rule, values
from nexuskb.search.documents import Concepts, Document, read_documents
from nexuskb.store.deriving import DERIVED, Touched, derive_touched, touched
from nexuskb.store.embedded import OxigraphStore
from nexuskb.terms import GRAPHS, NX, PREFIXES, owner, record_identifier

#: What records have become: the N-Triples of a record and its evidence, or nothing for one that is withdrawn.
Records = Mapping[str, bytes | None]

RECORDS = ox.NamedNode(str(GRAPHS.records))
_EVIDENCE = ox.NamedNode(str(NX.evidence))
_POINTING = """SELECT DISTINCT ?record WHERE {{
  {{ {changed} ?record ?property ?changed }} UNION {{ {changed} ?record nx:evidence/nx:source ?changed }}
}}"""


@dataclass(frozen=True, slots=True)
class Effect:
    """What a change did: the quads that went and came, and the documents of the records it touched.

    ``documents`` are by identifier; ``None`` is for a record that is not there any more.
    """

    removed: frozenset[ox.Quad]
    added: frozenset[ox.Quad]
    documents: Mapping[str, Document | None]


def change(
    store: ox.Store, records: Records, rules: Collection[Rule], concepts: Concepts | None = None
) -> Effect:
    """Let records become what they are now, with all that follows from it.

    ``concepts`` are the vocabulary terms of the store, where they have been read before. Raises
    :class:`ContentError` if something is no N-Triples or not of the record that it is said to be; then the
    store is as it was. It must have no other reader while this goes on.
    """
    scratch = ox.Store()  # it writes literals as the store does, so that equal ones are seen to be equal
    scratch.extend(quad for record, statements in records.items() for quad in _read(record, statements))
    after = set(scratch)
    before = {quad for record in records for quad in _held(store, ox.NamedNode(record))}
    removed, added = before - after, after - before
    changed = {quad.subject for quad in (*removed, *added) if isinstance(quad.subject, ox.NamedNode)}
    if changed:
        gone, come = _derived(store, removed, added, rules, changed)
        _swap(store, gone, come)
        removed, added = removed | gone, added | come
    documents = _documents(store, {*records, *(_iri(quad) for quad in (*removed, *added))}, concepts)
    return Effect(frozenset(removed), frozenset(added), documents)


def _read(record: str, statements: bytes | None) -> Iterable[ox.Quad]:
    try:
        for triple in ox.parse(statements or b"", format=ox.RdfFormat.N_TRIPLES):
            if owner(getattr(triple.subject, "value", "")) != record:
                raise ContentError(f"A statement on {triple.subject} stands in the record <{record}>.")
            yield ox.Quad(triple.subject, triple.predicate, triple.object, RECORDS)
    except SyntaxError as error:
        raise ContentError(f"The record <{record}> is not readable N-Triples: {error}") from error


def _held(store: ox.Store, record: ox.NamedNode) -> Iterable[ox.Quad]:
    """The statements of a record and of the evidence that is its own."""
    statements = list(store.quads_for_pattern(record, None, None, RECORDS))
    yield from statements
    for quad in statements:
        node = quad.object
        if (
            quad.predicate == _EVIDENCE
            and isinstance(node, ox.NamedNode)
            and owner(node.value) == record.value
        ):
            yield from store.quads_for_pattern(node, None, None, RECORDS)


def _derived(
    store: ox.Store,
    removed: set[ox.Quad],
    added: set[ox.Quad],
    rules: Collection[Rule],
    changed: Collection[ox.NamedNode],
) -> tuple[set[ox.Quad], set[ox.Quad]]:
    """Swap the quads of records; the derived ones that go and come with that.

    What the change touches is known only when it has been seen from both sides, so the store goes forth,
    back and forth again.
    """
    wanted = touched(store, rules, changed)
    _swap(store, removed, added)
    _join(wanted, touched(store, rules, changed))
    _swap(store, added, removed)
    old = derive_touched(store, rules, wanted)
    _swap(store, removed, added)
    new = derive_touched(store, rules, wanted)
    return _quads(old - new), _quads(new - old)


def _join(wanted: Touched, more: Touched) -> None:
    for part, rows in more.items():
        wanted.setdefault(part, set()).update(rows)


def _quads(triples: Iterable[ox.Triple]) -> set[ox.Quad]:
    return {ox.Quad(triple.subject, triple.predicate, triple.object, DERIVED) for triple in triples}


def _swap(store: ox.Store, removed: Iterable[ox.Quad], added: Iterable[ox.Quad]) -> None:
    for quad in removed:
        store.remove(quad)
    store.extend(added)


def _iri(quad: ox.Quad) -> str:
    return str(getattr(quad.subject, "value", ""))


def _documents(
    store: ox.Store, subjects: Collection[str], concepts: Concepts | None
) -> dict[str, Document | None]:
    """The documents of the records among some subjects and of those that show their names."""
    nodes = sorted(iri for iri in subjects if owner(iri))
    query = _POINTING.format(changed=values(("?changed",), ((f"<{iri}>",) for iri in nodes)))
    pointing = store.query(query, prefixes=PREFIXES, use_default_graph_as_union=True)
    assert isinstance(pointing, ox.QuerySolutions)  # noqa: S101 -- a SELECT
    records = set(nodes) | {node.value for (node,) in pointing if isinstance(node, ox.NamedNode)}
    found: dict[str, Document | None] = {
        identifier: None for iri in records if (identifier := record_identifier(iri))
    }
    documents = read_documents(OxigraphStore(store, ""), records=records, concepts=concepts)
    return found | {document.identifier: document for document in documents}
