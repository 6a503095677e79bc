"""Gives a workbook back with what is wrong in it: cells coloured and commented, and a sheet of problems."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, Cell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.worksheet.worksheet import Worksheet

from nexuskb.errors import Fault
from nexuskb.exchange.harmless import harmless
from nexuskb.exchange.hazards import check_workbook
from nexuskb.exchange.sheets import PROBLEMS
from nexuskb.exchange.submission import Submission
from nexuskb.exchange.workbooks import open_workbook
from nexuskb.validation.report import Violation

_ERROR = PatternFill("solid", fgColor="FFC7B8")
_WARNING = PatternFill("solid", fgColor="FFEFB0")
_HEADINGS = ("Cell", "", "Field", "Given", "What is wrong, and what to do", "Did you mean")
_LONGEST = 1_000


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong in a workbook: where, how bad, the field, what was given, the words, what is meant."""

    cell: str
    blocking: bool
    field: str
    value: str
    words: str
    suggestion: str = ""


def problems_of(submission: Submission, violations: Iterable[Violation]) -> list[Problem]:
    """The violations of a submission's records, each with its cell."""
    return [
        Problem(
            submission.place(each),
            each.blocking,
            each.field,
            each.value,
            _words(each),
            each.suggestion,
        )
        for each in violations
    ]


def in_order(submission: Submission, problems: Iterable[Problem]) -> list[Problem]:
    """Problems in the order of the sheets."""
    titles = dict.fromkeys(place.partition("!")[0] for place in submission.places.nodes.values())
    order = {title: number for number, title in enumerate(titles)}
    return sorted(problems, key=lambda problem: _order(problem, order))


def problems_in(faults: Iterable[Fault]) -> list[Problem]:
    """The faults of a workbook that could not be read."""
    return [
        Problem(fault.place, True, fault.field, fault.value, fault.message, fault.suggestion)
        for fault in faults
    ]


def _words(violation: Violation) -> str:
    return (
        f"{violation.said} One of: {', '.join(violation.allowed)}." if violation.allowed else violation.said
    )


def marked(body: bytes, problems: list[Problem]) -> bytes:
    """The workbook with its problems marked; earlier marks are gone, and all values are as they were.

    Raises :class:`~nexuskb.errors.SubmissionError` for a workbook that is not taken.
    """
    check_workbook(body)
    workbook = open_workbook(body, streaming=False)
    for page in workbook.worksheets:
        _unmark(page)
    if PROBLEMS in workbook.sheetnames:
        del workbook[PROBLEMS]
    by_cell: dict[str, list[Problem]] = {}
    for problem in problems:
        by_cell.setdefault(problem.cell, []).append(problem)
    for cell, of_cell in by_cell.items():
        title, _, place = cell.rpartition("!")
        if title in workbook.sheetnames and re.fullmatch("[A-Z]{1,3}[1-9][0-9]*", place):
            _mark(workbook[title][place], of_cell)
    _list(workbook.create_sheet(PROBLEMS, 0), problems)
    workbook.active = 0
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()


def _unmark(page: Worksheet) -> None:
    colours = {_ERROR.fgColor.rgb, _WARNING.fgColor.rgb}
    for row in page.iter_rows():
        for cell in row:
            if cell.comment is not None:
                cell.comment = None
            if cell.has_style and cell.fill.fgColor.rgb in colours:
                cell.fill = PatternFill()


def _mark(cell: Cell, problems: list[Problem]) -> None:
    cell.fill = _ERROR if any(problem.blocking for problem in problems) else _WARNING
    words = "\n\n".join(_said(problem) for problem in problems)[:_LONGEST]
    cell.comment = Comment(_clean(words), "nexuskb", height=160, width=360)


def _said(problem: Problem) -> str:
    meant = f" Did you mean {problem.suggestion}?" if problem.suggestion else ""
    return f"{problem.field}: {problem.words}{meant}" if problem.field else f"{problem.words}{meant}"


def _list(page: Worksheet, problems: list[Problem]) -> None:
    page.append(_HEADINGS)
    for number, width in enumerate((18, 10, 24, 32, 80, 24)):
        page.column_dimensions["ABCDEF"[number]].width = width
    for cell in page[1]:
        cell.font = Font(bold=True)
    for problem in problems:
        kind = "error" if problem.blocking else "question"
        row = (problem.cell, kind, problem.field, problem.value, problem.words, problem.suggestion)
        page.append([_clean(harmless(text))[:_LONGEST] for text in row])
        link = page.cell(page.max_row, 1)
        title, _, place = problem.cell.rpartition("!")
        if title:
            link.hyperlink = f"#'{title}'!{place}"
            link.font = Font(color="0563C1", underline="single")
        for cell in page[page.max_row]:
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            cell.data_type = "s" if cell.value else "n"
    page.freeze_panes = "A2"


def _clean(text: str) -> str:
    """The text without the characters that XML cannot hold."""
    return str(ILLEGAL_CHARACTERS_RE.sub("\ufffd", text))


def _order(problem: Problem, titles: Mapping[str, int]) -> tuple[int, int, int, str]:
    """By sheet, row and column."""
    title, _, place = problem.cell.rpartition("!")
    row = int(re.sub("[^0-9]", "", place) or 0)
    return (titles.get(title, len(titles)), row, len(place), place)
