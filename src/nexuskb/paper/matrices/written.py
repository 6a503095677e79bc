"""A matrix in one of the forms that it comes in."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from nexuskb.errors import FormatError
from nexuskb.paper.figures import MEDIA_TYPES, draw
from nexuskb.paper.matrices.matrix import Matrix
from nexuskb.paper.matrices.tables import as_csv, as_workbook

#: The forms with their media types.
FORMS: Final = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    **MEDIA_TYPES,
}


def written(matrix: Matrix, form: str, made_from: str) -> bytes:
    """The matrix as CSV, XLSX or a figure; ``made_from`` is its :func:`provenance`.

    Raises :class:`FormatError` for a form that it does not come in.
    """
    if form == "csv":
        return as_csv(matrix).encode()
    if form == "xlsx":
        return as_workbook(matrix, made_from)
    if form in MEDIA_TYPES:
        return draw(matrix, form, made_from)
    raise FormatError(f"A matrix comes as {', '.join(FORMS)}, not as {form!r}.")


def provenance(matrix: Matrix, generation: str) -> str:
    """What a matrix is made from, for tracing a figure in print: question, parameters, generation."""
    parameters = f"?{urlencode(matrix.parameters)}" if matrix.parameters else ""
    return f"Made from the question {matrix.question}{parameters} of nexuskb, generation {generation}."
