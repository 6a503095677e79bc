"""Metadata in pages that Zotero and other reference managers read.

A source's page has Highwire Press and Dublin Core meta tags, which describe the page's one document; the
page of any other record has a COinS span (OpenURL, ANSI/NISO Z39.88-2004) for each source it cites.
"""

from __future__ import annotations

from urllib.parse import urlencode

from nexuskb.exchange.citations.references import Reference

_DC_TYPES = {"dataset": "Dataset", "journal-article": "journalArticle", "legal-text": "statute"}


def meta_tags(reference: Reference) -> list[tuple[str, str]]:
    """Names and contents of the meta tags of a source's page."""
    imprint = reference.imprint
    tags = [
        ("citation_title", reference.printed_title),
        ("citation_author", "" if reference.kind in ("news", "state-media") else imprint.who),
        ("citation_publication_date", reference.issued.replace("-", "/")),
        ("citation_journal_title", imprint.periodical),
        ("citation_volume", imprint.volume),
        ("citation_issue", imprint.issue),
        ("citation_firstpage", imprint.pages.replace("–", "-").partition("-")[0]),
        ("citation_publisher", imprint.who),
        ("citation_technical_report_number", reference.symbol),
        ("citation_doi", reference.doi),
        ("citation_public_url", reference.url),
        ("citation_language", reference.language),
        ("DC.title", reference.printed_title),
        ("DC.type", _DC_TYPES.get(reference.kind, "")),
        ("DC.date", reference.issued),
        ("DC.language", reference.language),
        ("DC.publisher", imprint.who),
        ("DC.identifier", reference.url or reference.iri),
        ("DC.rights", " ".join(reference.remarks)),
    ]
    return [(name, content) for name, content in tags if content]


def coins(reference: Reference) -> str:
    """The title attribute of a COinS span for a source."""
    imprint = reference.imprint
    article = reference.kind == "journal-article" or bool(imprint.periodical)
    names = {
        "ctx_ver": "Z39.88-2004",
        "rft_val_fmt": "info:ofi/fmt:kev:mtx:" + ("journal" if article else "dc"),
    }
    if article:
        names |= {
            "rft.genre": "article",
            "rft.atitle": reference.printed_title,
            "rft.jtitle": imprint.periodical,
            "rft.volume": imprint.volume,
            "rft.issue": imprint.issue,
            "rft.pages": imprint.pages,
            "rft.au": imprint.who,
        }
    else:
        names |= {
            "rft.type": {"legal-text": "statute", "dataset": "dataset", "web-page": "webpage"}.get(
                reference.kind, "newspaperArticle" if reference.kind in ("news", "state-media") else "report"
            ),
            "rft.title": reference.printed_title,
            "rft.creator": imprint.who,
            "rft.publisher": imprint.who,
            "rft.identifier": reference.url or reference.iri,
        }
    names |= {
        "rft.date": reference.issued,
        "rft.language": reference.language,
        "rft_id": f"info:doi/{reference.doi}" if reference.doi else reference.url,
    }
    return urlencode({name: value for name, value in names.items() if value})
