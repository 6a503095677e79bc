"""States side by side: what the base holds of each in general, or their answers to one named question."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from nexuskb.asking import Asking, PlainRow
from nexuskb.countries.areas import STATES, profiled
from nexuskb.countries.profile import Link
from nexuskb.countries.series import Series, series_of
from nexuskb.errors import QuestionError
from nexuskb.paper.matrices import timeline, topics
from nexuskb.paper.matrices.matrix import PLAIN, Cell, Heading, Matrix, named, tail
from nexuskb.questions.catalogue import Parameter, Question, fill, question, questions
from nexuskb.terms import record_identifier
from nexuskb.vocabulary import Term, Vocabularies

NONE: Final = "none on record"
_EMPTY: Final = "none on record; that does not show that there is none"
_ANY_YEAR: Final = "2100"
#: What a cell without a record says where the coverage tells more than that there is none.
_LOOKED: Final = {
    "not looked at": "not looked at",
    "looked for, no finding and no measure": "looked for, not found",
}
#: Columns that name the area itself, which every row of its column would repeat.
_OF_THE_AREA: Final = frozenset({"areaName", "stateName", "areas", "state", "country", "area"})
#: The most rows that the values of a column make before they are no longer a way to compare.
_MOST_ROWS: Final = 80


@dataclass(frozen=True, slots=True)
class Compared:
    """A cell: its text, what it says in words, its shade, where it leads, and the records in it by title."""

    text: str
    words: str = ""
    shade: str = PLAIN
    address: str = ""
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """A row: its key, the part of the comparison it belongs to, its words, a cell for each State."""

    key: str
    part: str
    label: str
    cells: tuple[Compared, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """States side by side; ``question``, ``parameters`` and ``by`` are those of the answers, if any."""

    title: str
    areas: tuple[Term, ...]
    lines: tuple[Line, ...]
    question: str = ""
    parameters: tuple[tuple[str, str], ...] = ()
    by: str = ""

    def parts(self) -> dict[str, list[Line]]:
        """The rows by the part that they belong to."""
        grouped: dict[str, list[Line]] = {}
        for line in self.lines:
            grouped.setdefault(line.part, []).append(line)
        return grouped

    def matrix(self) -> Matrix:
        """As a matrix, which knows how it is written as CSV and as a workbook."""
        cells = {
            (line.key, area.key): Cell(
                cell.text or "; ".join(link.text for link in cell.links),
                cell.shade,
                cell.words,
                tuple(link.record for link in cell.links if link.record),
            )
            for line in self.lines
            for area, cell in zip(self.areas, line.cells, strict=True)
        }
        return Matrix(
            name="compare",
            title=self.title,
            corner="What is compared",
            rows=tuple(Heading(line.key, f"{line.part}: {line.label}") for line in self.lines),
            columns=tuple(Heading(area.key, area.label) for area in self.areas),
            cells=cells,
            legend=topics.LEGEND,
            note="Counts are of records; a figure is the latest of its indicator and unit.",
            empty=_EMPTY,
            question=self.question,
            parameters={"areas": ",".join(area.key for area in self.areas), **dict(self.parameters)},
        )

    def as_dict(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "title": self.title,
            "areas": [{"key": area.key, "name": area.label} for area in self.areas],
            "question": self.question,
            "parameters": dict(self.parameters),
            "by": self.by,
            "rows": [
                {
                    "part": line.part,
                    "label": line.label,
                    "cells": {
                        area.key: {
                            "text": cell.text,
                            "words": cell.words,
                            "records": [{"record": k.record, "title": k.text} for k in cell.links],
                        }
                        for area, cell in zip(self.areas, line.cells, strict=True)
                    },
                }
                for line in self.lines
            ],
        }


def compared_areas(given: Iterable[str], vocabularies: Vocabularies) -> tuple[Term, ...]:
    """The States that a person names, in their usual order.

    Raises :class:`QuestionError` for one that is none, and for fewer than two.
    """
    states = [term for term in profiled(vocabularies) if term.key in STATES]
    scheme = vocabularies.schemes["area"]
    wanted = set()
    for each in given:
        found = scheme.find(each)
        if found not in states:
            names = ", ".join(f"{term.key} ({term.label})" for term in states)
            raise QuestionError(f"{each!r} is none of the six States. They are: {names}.", "areas")
        wanted.add(found.key)
    if len(wanted) < 2:
        raise QuestionError("Name two to six States to compare, such as areas=mng,chn,kor.", "areas")
    return tuple(term for term in states if term.key in wanted)


def area_parameter(asked: Question) -> Parameter | None:
    """The parameter of a question that names an area, if it has one."""
    return next((p for p in asked.parameters if p.type == "area"), None)


def comparable() -> list[Question]:
    """The questions that can be asked of several States."""
    return [asked for asked in questions().values() if area_parameter(asked)]


def compare(areas: Sequence[Term], vocabularies: Vocabularies) -> Asking[Comparison]:
    """Policies, instruments, drivers, impacts, targets and figures of the States."""
    policies, targets, figures = [], [], []
    for area in areas:
        country = {"country": area.notation}
        rows = yield fill(question("policies-of-country"), country, vocabularies)
        policies.append(rows)
        rows = yield fill(question("targets-due"), {**country, "year": _ANY_YEAR}, vocabularies)
        targets.append(rows)
        rows = yield fill(question("country-figures-by-sdg"), country, vocabularies)
        figures.append([each for each in series_of(rows) if each.area == area.label])
    instruments = yield fill(question("instruments-by-state-and-domain"), {}, vocabularies)
    standings = yield fill(question(topics.QUESTION), {}, vocabularies)
    lines = [
        *_policies(areas, policies),
        *_instruments(areas, instruments),
        *_standings(areas, standings, "driver", "Drivers"),
        *_standings(areas, standings, "impact", "Impacts"),
        *_targets(areas, targets),
        *_figures(areas, figures),
    ]
    names = ", ".join(area.label for area in areas)
    return Comparison(f"{names}: what the base holds", tuple(areas), tuple(lines))


def compare_answers(
    asked: Question, areas: Sequence[Term], values: dict[str, str], by: str, vocabularies: Vocabularies
) -> Asking[Comparison]:
    """The answers to one question for several States, brought together by a column that they share.

    ``by`` names the column; without it, it is the first whose values several States have in common. Raises
    :class:`QuestionError` for a question without an area, and as :func:`~nexuskb.questions.catalogue.fill`.
    """
    parameter = area_parameter(asked)
    if parameter is None:
        raise QuestionError(f"The question {asked.id} is not asked of an area.", "question")
    answers = []
    for area in areas:
        rows = yield fill(asked, {**values, parameter.name: area.notation}, vocabularies)
        answers.append(rows)
    standings = yield fill(question(topics.QUESTION), {}, vocabularies)
    column = _shared(answers, by)
    looked = {(row["conceptName"], tail(row["state"])): row["standing"] for row in standings}
    keys = list(dict.fromkeys(row.get(column, "") for rows in answers for row in rows)) if column else [""]
    lines = []
    for number, key in enumerate(sorted(keys, key=lambda key: (not key, key.casefold()))):
        cells = tuple(
            _answer(
                [row for row in rows if not column or row.get(column, "") == key],
                looked.get((key, area.key), ""),
            )
            for area, rows in zip(areas, answers, strict=True)
        )
        lines.append(Line(f"r{number}", asked.title, key or ("Not said" if column else "All answers"), cells))
    given = {name: value for name, value in values.items() if value.strip()}
    return Comparison(asked.title, tuple(areas), tuple(lines), asked.id, tuple(given.items()), column)


def _shared(answers: Sequence[Sequence[PlainRow]], by: str) -> str:
    """The column to compare by; nothing where no column has values that two States share."""
    columns = list(dict.fromkeys(name for rows in answers for row in rows for name in row))
    if by:
        if by not in columns:
            raise QuestionError(
                f"The answers have no column {by!r}. Their columns: {', '.join(columns)}.", "by"
            )
        return by
    for name in columns:
        if name in _OF_THE_AREA or name.endswith(("Title", "Records")):
            continue
        seen = [{row[name] for row in rows if name in row} for rows in answers]
        values = set().union(*seen)
        if any("://" in value for value in values) or not 2 <= len(values) <= _MOST_ROWS:
            continue
        if any(count > 1 for count in Counter(value for each in seen for value in each).values()):
            return name
    return ""


def _answer(rows: Sequence[PlainRow], standing: str) -> Compared:
    """The records that rows are about, each once; without rows, what is known of the search for them."""
    if not rows:
        return Compared(_LOOKED.get(standing, NONE))
    links: dict[str, Link] = {}
    for row in rows:
        column = _subject(row)
        if column:
            identifier = record_identifier(row[column]) or ""
            links.setdefault(identifier, Link(_words(row, column), identifier))
    if links:
        return Compared("", links=tuple(links.values()))
    told = [value for name, value in rows[0].items() if "://" not in value and name not in _OF_THE_AREA]
    return Compared("; ".join(told[:4]) or str(len(rows)))


def _subject(row: PlainRow) -> str:
    """The column of the record that a row is about: its own kind rather than its policy or its source."""
    columns = [name for name, value in row.items() if record_identifier(value)]
    own = [name for name in columns if name not in ("policy", "source", "otherPolicy")]
    return next(iter(own or columns), "")


def _words(row: PlainRow, column: str) -> str:
    """The title of a row's record, with its figure where it has one."""
    titles = (row.get(f"{column}{end}") for end in ("Title", "Name", "Label"))
    title = next(filter(None, titles), "") or row.get("title") or row.get("figureOf") or row[column]
    figure = row.get("figureAsPrinted") or row.get("targetFigure") or row.get("figure")
    if figure is None:
        return title
    unit = row.get("unitAsPrinted") or row.get("unit") or row.get("targetUnit") or ""
    year = row.get("year") or row.get("dueYear") or row.get("targetYear") or "no year"
    return f"{title}: {figure} {unit} ({year})"


def _policies(areas: Sequence[Term], answers: Sequence[Sequence[PlainRow]]) -> Iterable[Line]:
    once = [{row["policy"]: row for row in rows}.values() for rows in answers]
    in_all = [list(rows) for rows in once]
    live = [[row for row in rows if row["legalStatus"] in timeline.LIVE] for rows in in_all]
    yield Line("policies", "Policies", "On record", _counted(areas, in_all, "policies-of-country"))
    yield Line("policies-live", "Policies", "In force", _counted(areas, live, "policies-of-country"))
    kinds = sorted({row["policyKind"] for rows in live for row in rows})
    for kind in kinds:
        of_kind = [[row for row in rows if row["policyKind"] == kind] for rows in live]
        yield Line(
            f"policies-{kind}",
            "Policies",
            f"In force: {kind.lower()}",
            _counted(areas, of_kind, "policies-of-country", kind=kind),
        )


def _counted(
    areas: Sequence[Term], rows: Sequence[Sequence[PlainRow]], name: str, **more: str
) -> tuple[Compared, ...]:
    return tuple(
        Compared(
            str(len(each)) if each else NONE,
            address=f"/questions/{name}?{urlencode({'country': area.notation, **more})}" if each else "",
            links=tuple(Link(row["policyTitle"], record_identifier(row["policy"]) or "") for row in each),
        )
        for area, each in zip(areas, rows, strict=True)
    )


def _instruments(areas: Sequence[Term], rows: Sequence[PlainRow]) -> Iterable[Line]:
    found: dict[tuple[str, str], dict[str, None]] = {}
    names = {}
    for row in rows:
        means = tail(row["means"])
        names[means] = row["meansName"]
        found.setdefault((means, tail(row["state"])), {}).update(dict.fromkeys(named(row["measureRecords"])))
    for means, label in sorted(names.items(), key=lambda each: each[1]):
        cells = []
        for area in areas:
            measures = found.get((means, area.key), {})
            asked = urlencode({"country": area.notation, "instrument": means})
            address = f"/questions/measures-by-instrument?{asked}"
            words = f"{len(measures)} measures by {label.lower()}, of policies in force or not"
            links = tuple(Link(name, name) for name in measures)
            cells.append(
                Compared(str(len(measures)), words, address=address, links=links)
                if measures
                else Compared(NONE)
            )
        yield Line(f"instrument-{means}", "Instruments: measures on record", label, tuple(cells))


def _standings(areas: Sequence[Term], rows: Sequence[PlainRow], kind: str, part: str) -> Iterable[Line]:
    of_kind = {(tail(row["concept"]), tail(row["state"])): row for row in rows if row["conceptKind"] == kind}
    names = {tail(row["concept"]): row["conceptName"] for row in rows if row["conceptKind"] == kind}
    for concept, label in names.items():
        cells = []
        for area in areas:
            row = of_kind[concept, area.key]
            cell = topics.cell_of(row)
            asked = urlencode({"row": concept, "column": area.key})
            links = tuple(Link(name, name) for name in cell.records)
            address = f"/paper/matrices/{kind}s?{asked}" if cell.records else ""
            text = _LOOKED.get(row["standing"], cell.text.strip())
            cells.append(Compared(text, cell.words, cell.shade, address, links))
        yield Line(f"{kind}-{concept}", f"{part}: measures in force / findings", label, tuple(cells))


def _targets(areas: Sequence[Term], answers: Sequence[Sequence[PlainRow]]) -> Iterable[Line]:
    once = [list({row["target"]: row for row in rows}.values()) for rows in answers]
    observed = [
        list({row["target"]: row for row in rows if "observation" in row}.values()) for rows in answers
    ]
    by_2030 = [[row for row in rows if row["dueYear"][:4] <= "2030"] for rows in once]
    for key, label, chosen, year in (
        ("all", "With a year", once, _ANY_YEAR),
        ("2030", "Due by 2030", by_2030, "2030"),
        ("observed", "With an observation of progress", observed, _ANY_YEAR),
    ):
        cells = tuple(
            Compared(
                str(len(rows)) if rows else NONE,
                address=f"/questions/targets-due?{urlencode({'year': year, 'country': area.notation})}"
                if rows
                else "",
                links=tuple(Link(row["targetTitle"], record_identifier(row["target"]) or "") for row in rows),
            )
            for area, rows in zip(areas, chosen, strict=True)
        )
        yield Line(f"targets-{key}", "Targets", label, cells)


def _figures(areas: Sequence[Term], answers: Sequence[Sequence[Series]]) -> Iterable[Line]:
    """The latest figure of each State by indicator and unit, those first that most States have."""
    found: dict[tuple[str, str], dict[str, Series]] = {}
    for area, series in zip(areas, answers, strict=True):
        for each in series:
            if each.indicator:
                row = found.setdefault((each.indicator, each.unit), {})
                if area.key not in row or row[area.key].latest.year < each.latest.year:
                    row[area.key] = each
    for (indicator, unit), by_area in sorted(found.items(), key=lambda item: (-len(item[1]), item[0])):
        cells = tuple(_figure(by_area[area.key]) if area.key in by_area else Compared(NONE) for area in areas)
        yield Line(
            f"figure-{indicator}-{unit}",
            "Figures: the latest of each indicator",
            f"{indicator} ({unit})",
            cells,
        )


def _figure(series: Series) -> Compared:
    figure = series.latest
    year = f" ({figure.year})" if figure.year else ""
    places = "; ".join(f"{title}, {place}" for _, title, place in figure.places)
    return Compared(
        f"{figure.printed} {series.unit}{year}",
        f"{series.name}. {places}",
        address=f"/records/{figure.record}",
        links=(Link(series.name, figure.record),),
    )
