"""A draft checked over HTTP."""

from __future__ import annotations

import httpx

from nexuskb.paper.blocks import Document, Paragraph, Run
from nexuskb.paper.drafts.reading import MOST_BYTES
from nexuskb.paper.packing import MEDIA_TYPES
from nexuskb.paper.word import as_word

DRAFT = (
    "The herds of South Korea are small [@mng-bt-m2]. In all, 62.7 per cent is farmed "
    "[@mng-data-agricultural-land-2022]. It costs 14 billion dollars."
)
KINDS = ["country name", "figure differs", "figure without citation"]


def test_markdown_is_checked(web: httpx.Client) -> None:
    answer = web.post("/paper/check", content=DRAFT, headers={"Content-Type": "text/markdown"})
    assert answer.status_code == 200
    body = answer.json()
    assert body["sentences"] == 3
    assert sorted(fault["kind"] for fault in body["faults"] if fault["kind"] != "weak source") == KINDS
    assert "72.6 %" in next(f["message"] for f in body["faults"] if f["kind"] == "figure differs")


def test_word_is_checked(web: httpx.Client) -> None:
    data = as_word(Document("Draft", "", "", "", (Paragraph((Run(DRAFT),)),)))
    answer = web.post("/paper/check", content=data, headers={"Content-Type": MEDIA_TYPES["docx"]})
    assert sorted(f["kind"] for f in answer.json()["faults"] if f["kind"] != "weak source") == KINDS


def test_what_cannot_be_checked_is_refused(web: httpx.Client) -> None:
    for content, kind, status in (
        (b"x", "application/pdf", 415),
        (b"PK", MEDIA_TYPES["docx"], 422),
        (b"x" * (MOST_BYTES + 1), "text/markdown", 413),
    ):
        answer = web.post("/paper/check", content=content, headers={"Content-Type": kind})
        assert answer.status_code == status
        assert answer.headers["content-type"].startswith("application/problem+json")
