"""What the page of a record shows: its facts in order, drawings of what is around it, where to go on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from markupsafe import Markup

from nexuskb.countries.areas import STATES_AND_REGION
from nexuskb.drawings.neighbours import Neighbour, draw_neighbours
from nexuskb.drawings.series import Line, Point, draw_series
from nexuskb.records.around import Act, Figure
from nexuskb.records.document import FieldValues, RecordDocument, plain_query
from nexuskb.records.values import Value
from nexuskb.sparql.portable import declare_prefixes
from nexuskb_api.pages import term_path

#: Fields that stand elsewhere on the page: as the claim, in its head, or among what it acts on.
_STATEMENT: Final = "description"
_ELSEWHERE: Final = frozenset({_STATEMENT, "area", "addressesThroughMeasures", "involves"})
_FIGURE: Final = frozenset({"value", "valueAsPrinted", "unit", "refYear"})
#: Fields that say how the record came about rather than what it says.
_ABOUT: Final = frozenset(
    {"labelStatus", "basis", "sourceCount", "unitTerm", "baseValue", "otherIdentifier", "soleSupport"}
)
#: Links to the record that its page shows in a place of their own.
_SHOWN: Final = frozenset(
    {"ofPolicy", "from", "to", "implements", "supersedes", "amends", "applies",
     "showsProgressOf", "involves", "addressesThroughMeasures"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """An area of the record, with the address of its page if it has one."""

    text: str
    address: str


def page_of(document: RecordDocument, root: str) -> dict[str, object]:
    """The values of the template for a record; ``root`` is the path that the service is mounted at."""
    by_key = {field.key: field for field in document.fields}
    unit = by_key["unit"].values[0].text if "unit" in by_key else ""
    figure = _FIGURE if document.figure else frozenset()
    return {
        "record": document,
        "areas": [_place(value) for value in _values(by_key, "area")],
        "statement": _values(by_key, _STATEMENT),
        "facts": [f for f in document.fields if f.key not in _ELSEWHERE | _ABOUT | figure],
        "about": [f for f in document.fields if f.key in _ABOUT or (f.key in figure and f.key == "value")],
        "incoming": [field for field in document.incoming if field.key not in _SHOWN],
        "chart": _chart(document, root),
        "unit": unit,
        "neighbours": _neighbours(document, root),
        "editor": "/query?" + urlencode({"query": declare_prefixes(plain_query(document.identifier))}),
    }


def _values(fields: dict[str, FieldValues], key: str) -> tuple[Value, ...]:
    return fields[key].values if key in fields else ()


def _place(value: Value) -> Place:
    key = value.iri.rsplit("/", 1)[-1]
    return Place(value.text, f"/countries/{key}" if key in STATES_AND_REGION else "")


def _chart(document: RecordDocument, root: str) -> Markup | None:
    """The figures of the series in years, where there are two or more of them in one unit."""
    series = document.around.series
    points = [
        _point(figure, document, root) for figure in series if figure.number is not None and figure.year
    ]
    if len({point.year for point in points}) < 2 or len({figure.unit for figure in series}) > 1:
        return None
    return Markup(draw_series([Line(document.label, tuple(points))], document.label))  # noqa: S704 -- made of elements


def _point(figure: Figure, document: RecordDocument, root: str) -> Point:
    printed = f"{figure.printed} {figure.unit}"
    due = figure.own and document.kind == "Target"
    return Point(
        int(figure.year[:4]), figure.number or 0.0, printed, f"{root}/records/{figure.value.record}", due
    )


def _neighbours(document: RecordDocument, root: str) -> Markup | None:
    around = document.around
    if not around.acts_on and not around.acted_on_by:
        return None
    drawn = draw_neighbours(
        document.label,
        [_neighbour(act, root) for act in around.acted_on_by],
        [_neighbour(act, root) for act in around.acts_on],
        document.label,
        "#acts",
    )
    return Markup(drawn)  # noqa: S704 -- made of elements, which escape their text


def _neighbour(act: Act, root: str) -> Neighbour:
    through = act.through[0].record if len(act.through) == 1 else ""
    term = term_path(act.other.iri)
    record = act.other.record or through
    address = root + (term or f"/records/{record}") if term or record else "#acts"
    words = f"{act.words} ({len(act.through)})" if len(act.through) > 1 else act.words
    return Neighbour(act.other.text, address, words)
