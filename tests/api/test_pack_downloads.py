"""Evidence packs over HTTP."""

from __future__ import annotations

import io
import re
import zipfile

import docx
import httpx
import pytest


@pytest.mark.parametrize("form", ["docx", "md", "xlsx", "zip"])
def test_a_pack_comes_in_each_form_by_identifier_and_number(web: httpx.Client, form: str) -> None:
    answer = web.get(f"/paper/outline-introduction.{form}", timeout=120)
    assert answer.status_code == 200
    assert f'filename="outline-introduction.{form}"' in answer.headers["content-disposition"]
    assert web.get(f"/paper/1.{form}", timeout=120).content == answer.content
    if form == "md":
        assert "title: 'Evidence pack: 1 Introduction'" in answer.text
    else:
        assert zipfile.ZipFile(io.BytesIO(answer.content)).testzip() is None


def test_it_is_the_pack_of_the_generation_that_is_served(web: httpx.Client) -> None:
    generation = web.get("/paper?format=json", timeout=120).json()["generation"]
    answer = web.get("/paper/outline-introduction.docx", timeout=120)
    keywords = docx.Document(io.BytesIO(answer.content)).core_properties.keywords
    assert generation in keywords
    again = web.get("/paper/1.docx", headers={"If-None-Match": answer.headers["etag"]}, timeout=120)
    assert (again.status_code, again.content) == (304, b"")


def test_a_number_with_a_dot_still_leads_to_its_page(web: httpx.Client) -> None:
    page = web.get("/paper/4.4", headers={"Accept": "text/html"})
    assert page.status_code == 200
    links = re.findall(r'href="(/paper/outline-national-review-mng\.\w+)"', page.text)
    assert [link.rpartition(".")[2] for link in links] == ["docx", "md", "xlsx", "zip"]


def test_a_section_that_is_not_there_is_told_with_those_that_are(web: httpx.Client) -> None:
    answer = web.get("/paper/nowhere.docx")
    assert answer.status_code == 404
    assert "outline-introduction" in answer.json()["detail"]
