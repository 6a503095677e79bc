from __future__ import annotations

import pytest

from nexuskb.asking import drive, rows_of
from nexuskb.exchange.citations.references import Reference, cite, references
from nexuskb.store.embedded import OxigraphStore


@pytest.fixture(scope="session")
def sources(store: OxigraphStore) -> list[Reference]:
    """Every source of the base."""
    listed = store.select("SELECT ?i WHERE { ?s a nx:Source ; dcterms:identifier ?i }")
    found = references(drive(cite([str(row["i"]) for row in listed]), rows_of(store)))
    assert len(found) > 1_200
    return found


@pytest.fixture
def awkward() -> list[Reference]:
    """Sources that no format may damage."""
    common = {"kind": "un-report", "language": "en", "date": "2021", "reading": "In full"}
    titles = {
        "tex": r"100% & $5 #1 a_b {c} ~d ^e \f \textbf{g}",
        "dashes": "A – B — C ‐ “quoted” ‘single’ … 1–2",
        "braces": "an opening { only, and a closing } after",
        "closing-first": "} first {",
        "ligatures": "xn--a, a---b, ``quoted'', ?` and !`",
        "percent": "%",
        "backslash": "ends in a backslash \\",
        "tags": "TY  - JOUR, ER  - in a title",
        "markup": "<i>not italic</i> &amp; 5 < 6",
    }
    plain = [
        Reference(f"awkward-{name}", title, "en", f"Author of {title}, Ltd.", **common)
        for name, title in titles.items()
    ]
    scripts = [
        Reference(
            "awkward-zh", "中华人民共和国防沙治沙法", "zh", "全国人民代表大会", **{**common, "language": "zh"}
        ),
        Reference("awkward-ko", "사막화방지법", "ko", "국회", **{**common, "language": "ko"}),
        Reference("awkward-ja", "水循環基本計画について", "ja", "内閣官房", **{**common, "language": "ja"}),
        Reference(
            "awkward-ru", "Ещё раз об опустынивании", "ru", "Куст Г.С.", **{**common, "language": "ru"}
        ),
        Reference(
            "awkward-mn", "Цөлжилтөөс хамгаалах тухай хууль", "mn", "УИХ", **{**common, "language": "mn"}
        ),
    ]
    return [*plain, *scripts]
