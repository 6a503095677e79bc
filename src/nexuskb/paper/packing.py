"""A pack as a file: Word, Markdown, a spreadsheet, or an archive of all with a manifest.

Equal packs are equal bytes, so that a hash names a figure for ever.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Mapping

from nexuskb import __version__
from nexuskb.errors import FormatError
from nexuskb.exchange.citations.bibliographies import BIBLIOGRAPHY_FORMATS, bibliography
from nexuskb.paper.blocks import Chart
from nexuskb.paper.charts import png
from nexuskb.paper.compose import compose
from nexuskb.paper.findings import fingerprint
from nexuskb.paper.markdown import as_markdown
from nexuskb.paper.packs import Pack
from nexuskb.paper.sheets import as_workbook
from nexuskb.paper.word import EPOCH, as_word
from nexuskb.questions.answers import Answer, as_csv
from nexuskb.sparql.portable import declare_prefixes

_WORD = "application/vnd.openxmlformats-officedocument."
MEDIA_TYPES = {
    "docx": f"{_WORD}wordprocessingml.document",
    "md": "text/markdown; charset=utf-8",
    "xlsx": f"{_WORD}spreadsheetml.sheet",
    "zip": "application/zip",
}


def pack_file(pack: Pack, form: str) -> bytes:
    """The pack as a file of this form. Raises :class:`FormatError` for one that there is not."""
    writers: dict[str, Callable[[Pack], bytes]] = {
        "docx": lambda pack: as_word(compose(pack)),
        "md": lambda pack: as_markdown(compose(pack)).encode(),
        "xlsx": as_workbook,
        "zip": _archive,
    }
    if form not in writers:
        raise FormatError(f"A pack comes as {', '.join(writers)}, not as {form!r}.")
    return writers[form](pack)


def manifest(pack: Pack, files: Mapping[str, bytes]) -> dict[str, object]:
    """What the files were made from: the generation, the hash of the content, the query behind each table."""
    return {
        "section": pack.section.identifier,
        "number": pack.section.number,
        "title": pack.section.title,
        "generation": pack.generation,
        "content-sha256": pack.hash,
        "software": f"nexuskb {__version__}",
        "questions": [
            {
                "text": each.state.question.text,
                "address": each.state.question.address,
                "standing": each.state.standing,
                "rows": len(each.rows),
                "query": declare_prefixes(each.query) if each.query else "",
            }
            for each in pack.answers
        ],
        "records": {name: fingerprint(found) for name, found in sorted(pack.findings.items())},
        "sources": [reference.identifier for reference in pack.references],
        "files": {
            name: {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
            for name, data in sorted(files.items())
        },
    }


def _archive(pack: Pack) -> bytes:
    document, name = compose(pack), pack.section.identifier
    charts = [block for block in document.blocks if isinstance(block, Chart)]
    pictures = {chart: f"charts/{number:02d}.png" for number, chart in enumerate(charts, start=1)}
    files = {
        f"{name}.docx": as_word(document),
        f"{name}.md": as_markdown(document, pictures).encode(),
        f"{name}.xlsx": as_workbook(pack),
        **{place: png(chart) for chart, place in pictures.items()},
        **{
            f"sources.{chosen.extension}": bibliography(pack.references, chosen).encode()
            for chosen in BIBLIOGRAPHY_FORMATS
        },
    }
    reserved = {name: list(found.reservations) for name, found in pack.findings.items()}
    for number, each in enumerate(pack.answers, start=1):
        table = as_csv(Answer(list(each.columns), list(each.rows), reserved))
        files[f"answers/{number:02d}-{each.state.question.name or 'open'}.csv"] = table.encode()
    listed = json.dumps(manifest(pack, files), ensure_ascii=False, indent=2) + "\n"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for place, data in [("manifest.json", listed.encode()), *sorted(files.items())]:
            info = zipfile.ZipInfo(f"{name}/{place}", EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            made.writestr(info, data)
    return out.getvalue()
