"""A pack as a document: the order and the words in which a drafter reads it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from nexuskb.exchange.citations.footnotes import Footnote, footnote
from nexuskb.exchange.citations.pinpoints import pinpoint
from nexuskb.exchange.citations.references import Citation
from nexuskb.paper.blocks import Block, Chart, Document, Heading, Paragraph, Run, Runs, TableBlock
from nexuskb.paper.findings import Finding
from nexuskb.paper.packs import Answer, Pack, Table

#: Records of a kind from which a chart of their categories is worth the room, and years of a line.
_ENOUGH, _YEARS = 8, 4
#: Bars and lines that one chart holds; lines beyond it get a chart of their own.
_BARS, _CHARTS = 14, 3
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


def _blocks(pack: Pack) -> Iterator[Block]:
    yield Heading(1, "About this pack")
    yield from _about(pack)
    yield Heading(1, "What the section should say")
    yield _paragraph(pack.section.brief)
    if pack.section.note:
        yield _paragraph(pack.section.note)
    yield Heading(1, "What it rests on and what is missing")
    yield from _standing(pack)
    yield Heading(1, "Findings by question")
    pictured: set[Chart] = set()
    for answer in pack.answers:
        yield from _answered(answer, pack.findings, pictured)
    yield Heading(1, "Where sources disagree")
    yield from _conflicts(pack)
    yield Heading(1, "Reservations")
    yield from _reservations(pack)
    yield Heading(1, "What States said")
    yield from _comments(pack)
    yield Heading(1, "Sources")
    yield _paragraph(f"The {len(pack.references):,} sources that the footnotes above cite, by their keys.")
    for reference in pack.references:
        yield Paragraph(_cited(footnote([Citation(reference)], reference.identifier)), "Bibliography")


def _about(pack: Pack) -> Iterator[Block]:
    yield _paragraph(
        f"This pack holds what the knowledge base nexuskb knows for section {pack.section.number} of the "
        "annotated outline, which is a proposal (state of review: "
        f"{pack.section.state.lower()}). It is working material for drafters and not a text of the paper."
    )
    yield _paragraph(
        "Each finding has a footnote in the style of the United Nations that can be copied with it; sources "
        "of tables stand below them. The key in square brackets is the identifier of the record in the base: "
        "take it out last, since a draft is checked against the base by it. Figures stand as their sources "
        "print them. "
        "What must be said of a record wherever it is used follows it as a reservation."
    )
    yield _paragraph(
        f"It was made from generation {pack.generation} of the base. The SHA-256 hash of its content is "
        f"{pack.hash}."
    )


def _standing(pack: Pack) -> Iterator[Block]:
    complete = pack.completeness
    yield _paragraph(
        f"{complete.answered} of {len(complete.answers)} questions have an answer. The answers name "
        f"{len(complete.records):,} records, which rest on {complete.documents:,} different documents."
    )
    yield TableBlock(
        "Questions of the section and what answers them",
        ("Question", "Records", "Documents", "Standing"),
        tuple(
            (
                (Run(answer.question.text),),
                (Run(f"{len(answer.records):,}"),),
                (Run(f"{answer.documents:,}"),),
                (Run(answer.standing),),
            )
            for answer in complete.answers
        ),
        "For each question: how many records its answer names, on how many documents, where it stands.",
    )
    for words in complete.missing:
        yield Paragraph((Run("Missing: ", bold=True), Run(words)), "Finding")


def _answered(answer: Answer, findings: Mapping[str, Finding], pictured: set[Chart]) -> Iterator[Block]:
    yield Heading(2, answer.state.question.text)
    if not answer.state.answered:
        yield _paragraph(f"{answer.state.standing[:1].upper()}{answer.state.standing[1:]}.")
        return
    yield _paragraph(
        f"{_counted(len(answer.shown), 'record')}, "
        f"{_counted(answer.state.documents, 'document')} behind the answer."
    )
    for chart in _charts(answer, findings):
        if chart not in pictured:
            pictured.add(chart)
            yield from (chart, _numbers(chart))
    for heading, text, names in answer.groups:
        if heading:
            yield Heading(3, heading)
            yield _paragraph(text)
        for name in names:
            yield from _finding(findings[name])
    if answer.table:
        yield _table(answer.table, answer.state.question.text, findings)


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
    yield Paragraph((*runs, Run(said, note=_note(found))), "Finding")
    if found.reservations:
        yield Paragraph(
            (Run("Reservation: ", italic=True), Run(" ".join(found.reservations), italic=True)), "Reservation"
        )


def _table(table: Table, caption: str, findings: Mapping[str, Finding]) -> Block:
    """A table whose last column names the sources by letters; they stand below it, as the manual has it."""
    letters: dict[str, str] = {}
    notes: list[tuple[str, Runs]] = []
    rows = []
    for row in table.rows:
        named = [findings[name] for name in row.records]
        first: list[Run] = [Run(row.cells[0])]
        reserved = dict.fromkeys(words for each in named for words in each.reservations)
        if reserved:
            first.append(Run(f" ({' '.join(reserved)})", italic=True))
        cited: list[Run] = []
        for each in named:
            for citation in each.citations:
                known = citation.reference.identifier
                if known not in letters:
                    letters[known] = _letter(len(letters))
                    notes.append((letters[known], _cited(footnote([Citation(citation.reference)]))))
                place = pinpoint(citation.locator)
                cited += [Run(letters[known], raised=True), Run(f" {place}; " if place else " ")]
            cited.append(Run(f"[{each.identifier}] "))
        rows.append((tuple(first), *((Run(cell),) for cell in row.cells[1:]), tuple(cited)))
    return TableBlock(
        caption,
        (*table.headings, "Source and key"),
        tuple(rows),
        f"{len(rows):,} rows. The last column names the sources by letters, explained below the table.",
        tuple(notes),
    )


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
    told_apart = any(heading for heading, _, _ in answer.groups)
    for kind, counts in by_kind.items() if answer.groups and not told_apart else ():
        if counts.total() >= _ENOUGH and 1 < len(counts) <= _BARS:
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


def _numbers(chart: Chart) -> TableBlock:
    """The numbers of a chart, beside it."""
    return TableBlock(
        f"{chart.caption}: the numbers",
        ("Year" if chart.lines else "Category", chart.unit[:1].upper() + chart.unit[1:]),
        tuple(((Run(label),), (Run(f"{value:,g}"),)) for label, value in chart.points[0][1]),
        "The numbers of the chart above.",
    )


def _conflicts(pack: Pack) -> Iterator[Block]:
    told = {name for answer in pack.answers for name in answer.shown}
    headings = {heading for answer in pack.answers for heading, _, _ in answer.groups if heading}
    left = [pack.findings[name] for name in pack.conflicts if pack.findings[name].label not in headings]
    if headings:
        yield _paragraph(
            f"{_counted(len(headings), 'disagreement')} between sources "
            f"{'stands' if len(headings) == 1 else 'stand'} under the question that asks for them: "
            f"{'; '.join(sorted(headings))}."
        )
    for conflict in left:
        yield Heading(2, conflict.label)
        yield _paragraph(" ".join(conflict.statements))
        for name in conflict.involves:
            if name in pack.findings:
                yield from _finding(pack.findings[name])
    if not headings and not left:
        yield _paragraph(
            "The base records no disagreement between sources on the figures of this section."
            if told
            else "No figure of this section could be compared."
        )


def _reservations(pack: Pack) -> Iterator[Block]:
    said = pack.reservations
    if not said:
        yield _paragraph("None of the records carries a reservation.")
        return
    yield _paragraph("What must be said of these records wherever they are used:")
    for words, names in said.items():
        yield Paragraph((Run(f"{words} ", bold=True), Run(_listed(names, pack.findings))), "Finding")


def _listed(names: Iterable[str], findings: Mapping[str, Finding]) -> str:
    return "; ".join(f"{findings[name].label} [{name}]" for name in names) + "."


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
