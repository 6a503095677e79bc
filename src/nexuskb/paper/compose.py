"""A pack as a document: the order and the words in which a drafter reads it.

Findings stand in the body, each told in full once. Long tables are annexes, where sources are named by their
numbers in the list of sources, which is the last annex.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from nexuskb.exchange.citations.footnotes import Footnote, footnote
from nexuskb.exchange.citations.pinpoints import pinpoint
from nexuskb.exchange.citations.references import Citation, Reference, references
from nexuskb.paper.blocks import Block, Chart, Document, Heading, Paragraph, Run, Runs, TableBlock
from nexuskb.paper.findings import Finding
from nexuskb.paper.packs import Answer, Pack, Table

#: Records of a kind from which a chart of their categories is worth the room, and years of a line.
_ENOUGH, _YEARS = 8, 4
#: Records of one category, at the least, in such a chart.
_TALL = 4
#: Bars and lines that one chart holds; lines beyond it get a chart of their own.
_BARS, _CHARTS = 14, 3
#: Characters of the longest name of a bar.
_NAME = 40
#: Rows of a table in the body, and of one in an annex; the spreadsheet has all.
_SHORT, _LONGEST = 20, 100
_NO_NOTES = "The base holds no comment of a member State on this section or on its questions."


def compose(pack: Pack) -> Document:
    """The document of a pack."""
    number, title = pack.section.number, pack.section.title
    return Document(
        title=f"Evidence pack: {number} {title}",
        subject=pack.section.brief,
        keywords=f"generation {pack.generation}; content {pack.hash}",
        footer=f"Evidence pack {number}, base {pack.generation[:12]}, content {pack.hash[:12]}",
        blocks=tuple(_blocks(pack)),
    )


@dataclass(slots=True)
class _Making:
    """What the parts of a document must know of each other.

    ``told`` are the records told in full, with the number of the question under which; ``sources`` the
    numbers of sources in the list; ``annexes`` the long tables.
    """

    pack: Pack
    sources: dict[str, str]
    told: dict[str, int] = field(default_factory=dict)
    annexes: list[TableBlock] = field(default_factory=list)
    pictured: set[Chart] = field(default_factory=set)
    tables: int = 0
    figures: int = 0

    def table(self) -> str:
        """The name of the next table of the body."""
        self.tables += 1
        return f"Table {self.tables}"

    def figure(self) -> str:
        """The name of the next figure."""
        self.figures += 1
        return f"Figure {self.figures}"


def _blocks(pack: Pack) -> Iterator[Block]:
    cited = _cited_sources(pack)
    sources = {each.identifier: f"S{number}" for number, each in enumerate(cited, start=1)}
    making = _Making(pack, sources)
    yield Heading(1, "About this pack")
    yield from _about(pack)
    yield Heading(1, "What the section should say")
    yield _paragraph(pack.section.brief)
    if pack.section.note:
        yield _paragraph(pack.section.note)
    yield Heading(1, "What it rests on and what is missing")
    yield from _standing(making)
    yield Heading(1, "Findings by question")
    for number, answer in enumerate(pack.answers, start=1):
        yield from _answered(number, answer, making)
    yield Heading(1, "Where sources disagree")
    yield from _conflicts(making)
    yield Heading(1, "Reservations")
    yield from _reservations(pack)
    yield Heading(1, "What States said")
    yield from _comments(pack)
    for number, table in enumerate(making.annexes, start=1):
        yield Heading(1, f"Annex {number}. {table.title}")
        yield table
    yield Heading(1, f"Annex {len(making.annexes) + 1}. Sources")
    yield _paragraph(f"The {len(cited):,} sources cited above, by number and key.")
    for reference in cited:
        note = _cited(footnote([Citation(reference)], reference.identifier))
        yield Paragraph((Run(f"{sources[reference.identifier]}. ", bold=True), *note), "Bibliography")


def _cited_sources(pack: Pack) -> list[Reference]:
    """The sources of what stands in the document; rows that only the spreadsheet has are left out."""
    shown = [name for answer in pack.answers for _, _, names in answer.groups for name in names]
    for answer in pack.answers:
        for row in answer.table.rows[:_LONGEST] if answer.table else ():
            shown += row.records
    cited = (citation for name in shown for citation in pack.findings[name].citations)
    return [each for each in references(cited) if "-src-" in each.identifier]


def _about(pack: Pack) -> Iterator[Block]:
    yield _paragraph(
        f"This pack holds what the knowledge base nexuskb knows for section {pack.section.number} of the "
        "annotated outline, which is a proposal (state of review: "
        f"{pack.section.state.lower()}). It is working material for drafters and not a text of the paper."
    )
    yield _paragraph(
        "Each finding is told in full once, with a footnote in the style of the United Nations that can be "
        "copied with it. Sources of tables stand below them; in the annexes they are named by their number "
        "in the list of sources at the end. The key in square brackets is the identifier of the record in "
        "the base: take it out last, since a draft is checked against the base by it. Figures stand as their "
        "sources print them. "
        "What must be said of a record wherever it is used follows it as a reservation."
    )
    yield _paragraph(
        f"It was made from generation {pack.generation} of the base. The SHA-256 hash of its content is "
        f"{pack.hash}."
    )


def _standing(making: _Making) -> Iterator[Block]:
    complete = making.pack.completeness
    yield _paragraph(
        f"{complete.answered} of {len(complete.answers)} questions have an answer. The answers name "
        f"{len(complete.records):,} records, the sources of findings included, and rest on "
        f"{complete.documents:,} different documents."
    )
    yield TableBlock(
        making.table(),
        "Questions of the section and what answers them",
        ("Question", "Records named", "Documents", "Standing"),
        tuple(
            (
                (Run(f"{number}. {answer.question.text}"),),
                (Run(f"{len(answer.records):,}"),),
                (Run(f"{answer.documents:,}"),),
                (Run(answer.standing),),
            )
            for number, answer in enumerate(complete.answers, start=1)
        ),
        "For each question: how many records its answer names, on how many documents, where it stands.",
    )
    for words in complete.missing:
        yield Paragraph((Run(words),), "Finding")


def _answered(number: int, answer: Answer, making: _Making) -> Iterator[Block]:
    yield Heading(2, f"{number}. {answer.state.question.text}")
    if not answer.state.answered:
        yield _paragraph(f"{answer.state.standing[:1].upper()}{answer.state.standing[1:]}.")
        return
    findings = making.pack.findings
    yield Paragraph(
        (
            Run(
                f"{_counted(len(answer.shown), 'record')}, {_counted(answer.state.documents, 'document')} "
                f"behind the answer. Query: {answer.state.question.address}"
            ),
        ),
        "Query",
    )
    for chart in _charts(answer, findings):
        if chart not in making.pictured:
            making.pictured.add(chart)
            yield from _figure(chart, making)
    for heading, text, names in answer.groups:
        if text:
            yield from _disagreement(heading, text, names, number, making)
            continue
        if heading:
            yield Heading(3, heading)
        for name in names:
            yield from _told(findings[name], number, making)
    if answer.table:
        yield from _tabled(answer.table, number, answer.state.question.text, making)


def _figure(chart: Chart, making: _Making) -> Iterator[Block]:
    """A chart; bars have their numbers beside them, lines have theirs in a table below."""
    yield replace(chart, number=making.figure())
    if chart.lines:
        label, points = chart.points[0]
        yield TableBlock(
            making.table(),
            f"{label}: the numbers ({chart.unit})",
            tuple(year for year, _ in points),
            (tuple((Run(f"{value:,g}"),) for _, value in points),),
            "The numbers of the chart above.",
        )


def _told(found: Finding, number: int, making: _Making) -> Iterator[Block]:
    """A finding in full, or, where it has been told already, a line that leads there."""
    if found.identifier in making.told:
        where = making.told[found.identifier]
        lead = f" [{found.identifier}]" + (f", told under question {where}." if where != number else ".")
        yield Paragraph((Run(found.label, bold=True), Run(lead)), "Finding")
        return
    making.told[found.identifier] = number
    yield from _finding(found)


def _disagreement(
    heading: str, text: str, names: Iterable[str], number: int, making: _Making
) -> Iterator[Block]:
    """A disagreement as one paragraph: what differs and why, then each figure with its footnote."""
    runs = [Run(f"{heading}. ", bold=True), Run(f"{text} ")]
    listed = [making.pack.findings[name] for name in names]
    for place, found in enumerate(listed):
        year = f" ({found.year})" if found.year else ""
        figure = f": {found.figure}{year}" if found.figure else year
        end = "." if place == len(listed) - 1 else "; "
        key = f" [{found.identifier}]" if not found.citations or found.identifier in making.told else ""
        note = () if key else _note(found)
        if found.figure:
            making.told.setdefault(found.identifier, number)
        runs += [Run(found.label, italic=True), Run(f"{figure}{key}{end}".rstrip(), note=note), Run(" ")]
    reserved = dict.fromkeys(words for found in listed for words in found.reservations)
    yield Paragraph((*runs, *_reserved(reserved)), "Finding")


def _reserved(words: Iterable[str]) -> Runs:
    """What must be said of a record, behind it, so that it is copied with it."""
    said = " ".join(words)
    return (Run(f" Reservation: {said}", italic=True),) if said else ()


def _finding(found: Finding) -> Iterator[Block]:
    title = [Run(found.label, bold=True)]
    for official in found.official:
        title += [Run(" ["), Run(official.text, language=official.language), Run("]")]
    runs = [*title, Run(f" ({'; '.join(found.qualities)}). ")]
    said = " ".join(
        [
            f"{found.figure}{f' ({found.year})' if found.year else ''}." if found.figure else "",
            *found.statements,
        ]
    ).strip()
    yield Paragraph((*runs, Run(said, note=_note(found)), *_reserved(found.reservations)), "Finding")


def _tabled(table: Table, number: int, question: str, making: _Making) -> Iterator[Block]:
    """A short table in place; of a long one the counts, and a word on the annex that has it."""
    if len(table.rows) <= _SHORT:
        yield _table(table, making.table(), question, making)
        return
    counts = _counts(table, making.pack.findings)
    if counts:
        yield from _figure(counts, making)
    name = f"Annex {len(making.annexes) + 1}"
    cut = replace(table, rows=table.rows[:_LONGEST])
    left = len(table.rows) - len(cut.rows)
    more = f" has the first {_LONGEST:,} of {len(table.rows):,} rows; the spreadsheet has all" if left else ""
    yield _paragraph(f"{name}{more or f' lists all {len(table.rows):,}'}.")
    making.annexes.append(_annexed(cut, name, f"{question} (question {number})", making))


def _sorted_by(table: Table, place: int) -> Counter[str]:
    """How many rows have each value of a column, if like rows stand beside each other, two and more."""
    values = [row.cells[place] for row in table.rows]
    counts = Counter(values)
    blocks = sum(value != before for value, before in pairwise(["", *values]))
    return counts if 1 < len(counts) == blocks and 2 * len(counts) <= len(values) else Counter()


def _counts(table: Table, findings: Mapping[str, Finding]) -> Chart | None:
    """How many rows have each value of the first column that sorts them into a few with short names."""
    kinds = {findings[name].kind for row in table.rows for name in row.records}
    rows = f"{kinds.pop()}s" if len(kinds) == 1 else "Rows"
    for place, heading in enumerate(table.headings):
        counts = _sorted_by(table, place)
        if counts and len(counts) <= _BARS and max(map(len, counts)) <= _NAME:
            years = all(name.isdigit() for name in counts)
            bars = sorted(counts.items(), key=lambda item: item if years else (-item[1], item[0]))
            points = tuple((name, float(count)) for name, count in bars)
            return _pictured(f"{rows} by {heading.lower()}", False, rows.lower(), ((heading, points),))
    return None


def _table(table: Table, name: str, caption: str, making: _Making) -> TableBlock:
    """A table whose last column names the sources by letters; they stand below it, as the manual has it.

    A record that has been told with its footnote is named by its key alone.
    """
    findings = making.pack.findings
    letters: dict[str, str] = {}
    notes: list[tuple[str, Runs]] = []
    rows = []
    for row in table.rows:
        named = [findings[each] for each in row.records]
        cited: list[Run] = []
        for each in named:
            for citation in _to_cite(each, making):
                known = citation.reference.identifier
                if known not in letters:
                    letters[known] = _letter(len(letters))
                    notes.append((letters[known], _cited(footnote([Citation(citation.reference)]))))
                place = pinpoint(citation.locator)
                cited += [Run(letters[known], raised=True), Run(f" {place}; " if place else " ")]
            cited.append(Run(f"[{each.identifier}] "))
        rows.append((*((Run(cell),) for cell in row.cells), (*cited, *_reserved(_of(named)))))
    return TableBlock(
        name,
        caption,
        (*table.headings, "Source and key"),
        tuple(rows),
        f"{len(rows):,} rows. The last column names the sources by letters, explained below the table.",
        tuple(notes),
    )


def _annexed(table: Table, name: str, caption: str, making: _Making) -> TableBlock:
    """A long table: sources by their numbers in the list."""
    findings = making.pack.findings
    rows: list[tuple[Runs, ...]] = []
    grouped = _sorted_by(table, 0)
    group = ""
    for row in table.rows:
        named = [findings[each] for each in row.records]
        cited = []
        for each in named:
            places = [_numbered(citation, making.sources) for citation in _to_cite(each, making)]
            cited.append(f"{'; '.join(dict.fromkeys(places))} [{each.identifier}]".strip())
        if grouped and row.cells[0] != group:
            group = row.cells[0]
            rows.append(((Run(group, bold=True),),))
        cells = row.cells[1:] if grouped else row.cells
        rows.append((*((Run(cell),) for cell in cells), (Run(" ".join(cited)), *_reserved(_of(named)))))
    return TableBlock(
        name,
        caption,
        (*(table.headings[1:] if grouped else table.headings), "Source and key"),
        tuple(rows),
        f"{len(table.rows):,} rows. The last column names the sources by their numbers in the list.",
        under_heading=True,
    )


def _to_cite(found: Finding, making: _Making) -> Iterable[Citation]:
    """The passages of a record that a table names: none if it was told with its footnote.

    A record without passages is cited by its own address, which the key says already.
    """
    if found.identifier in making.told:
        return ()
    return (each for each in found.citations if each.reference.identifier != found.identifier)


def _numbered(citation: Citation, sources: Mapping[str, str]) -> str:
    place = pinpoint(citation.locator)
    number = sources.get(citation.reference.identifier, citation.reference.identifier)
    return f"{number}, {place}" if place else number


def _of(named: Iterable[Finding]) -> Iterable[str]:
    """What must be said of records, once."""
    return dict.fromkeys(words for each in named for words in each.reservations)


def _letter(number: int) -> str:
    """a to z, then aa, bb and so on."""
    return chr(ord("a") + number % 26) * (1 + number // 26)


def _cited(note: Footnote) -> Runs:
    return tuple(Run(span.text, italic=span.italic, language=span.language) for span in note)


def _note(found: Finding) -> Footnote:
    return footnote(found.citations, found.identifier) if found.citations else ()


def _charts(answer: Answer, findings: Mapping[str, Finding]) -> Iterator[Chart]:
    shown = [findings[name] for name in answer.shown]
    by_kind: dict[str, Counter[str]] = {}
    for each in shown:
        if each.category:
            by_kind.setdefault(each.kind, Counter())[each.category] += 1
    told_apart = any(text for _, text, _ in answer.groups)
    for kind, counts in by_kind.items() if answer.groups and not told_apart else ():
        if counts.total() >= _ENOUGH and max(counts.values()) >= _TALL and 1 < len(counts) <= _BARS:
            bars = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
            yield _pictured(
                f"{kind} records by {_COUNTED_BY.get(kind, 'category')}", False, "records",
                ((kind, tuple((name, float(count)) for name, count in bars)),),
            )  # fmt: skip
    if not told_apart:
        yield from _series(shown)


_COUNTED_BY = {
    "Policy": "kind",
    "Measure": "instrument",
    "Interlinkage": "kind of interlinkage",
    "Driver finding": "driver",
    "Impact finding": "impact",
}


def _series(shown: Sequence[Finding]) -> Iterator[Chart]:
    """Figures of one name and unit over the years, as one line each, the longest first."""
    found: dict[tuple[str, str, str], dict[str, float]] = {}
    for each in shown:
        if each.kind == "Observation" and each.year.isdigit() and _number(each.value) is not None:
            key = (each.label, each.unit, ", ".join(each.areas))
            found.setdefault(key, {})[each.year] = float(each.value)
    long = sorted(
        ((key, years) for key, years in found.items() if len(years) >= _YEARS),
        key=lambda item: (-len(item[1]), item[0]),
    )
    for (label, unit, area), years in long[:_CHARTS]:
        name = f"{label}, {area}" if area and area not in label else label
        yield _pictured(name, True, unit, ((label, tuple(sorted(years.items()))),))


def _number(value: str) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None


def _pictured(
    caption: str, lines: bool, unit: str, points: tuple[tuple[str, tuple[tuple[str, float], ...]], ...]
) -> Chart:
    spoken = "; ".join(f"{label}: {value:,g}" for label, value in points[0][1])
    return Chart(caption, f"{caption} ({unit}). {spoken}.", lines, unit, points)


def _conflicts(making: _Making) -> Iterator[Block]:
    pack = making.pack
    under: dict[int, set[str]] = {}
    for number, answer in enumerate(pack.answers, start=1):
        if headings := {heading for heading, text, _ in answer.groups if text}:
            under[number] = headings
    shown = set().union(*under.values())
    left = [pack.findings[name] for name in pack.conflicts if pack.findings[name].label not in shown]
    for number, headings in under.items():
        stand = "stands" if len(headings) == 1 else "stand"
        yield _paragraph(
            f"{_counted(len(headings), 'disagreement')} between sources {stand} under question {number}."
        )
    for conflict in left:
        members = [name for name in conflict.involves if name in pack.findings]
        yield from _disagreement(conflict.label, " ".join(conflict.statements), members, 0, making)
    if not shown and not left:
        yield _paragraph("The base records no disagreement between sources on the figures of this section.")


def _reservations(pack: Pack) -> Iterator[Block]:
    said = pack.reservations
    if not said:
        yield _paragraph("None of the records carries a reservation.")
        return
    yield _paragraph("What must be said wherever these records are used; it stands with each of them above.")
    for words, names in said.items():
        keys = " ".join(f"[{name}]" for name in names)
        counted = _counted(len(names), "record")
        yield Paragraph((Run(f"{words} ", bold=True), Run(f"({counted}) {keys}")), "Bibliography")


def _comments(pack: Pack) -> Iterator[Block]:
    comments = pack.completeness.comments
    if not comments:
        yield _paragraph(_NO_NOTES)
    for each in comments:
        answer = f" Answer: {each.answer}" if each.answer else " It waits for an answer." if each.open else ""
        lead = Run(f"{each.reviewer} ({each.kind.lower()}, {each.date}): ", bold=True)
        yield Paragraph((lead, Run(f"{each.comment}{answer} [{each.identifier}]")), "Finding")


def _paragraph(text: str) -> Paragraph:
    return Paragraph((Run(text),))


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
