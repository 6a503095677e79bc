"""The faults of a Word draft as comments in it, at the paragraphs where they are."""

from __future__ import annotations

import io
from collections.abc import Iterable

from nexuskb.errors import FormatError
from nexuskb.paper.drafts.checking import Fault
from nexuskb.paper.drafts.reading import open_word


def commented(data: bytes, name: str, faults: Iterable[Fault]) -> bytes:
    """The draft with a comment for each fault. Raises :class:`FormatError` for one that is not Word's."""
    if not name.lower().endswith(".docx"):
        raise FormatError(f"{name} is not a Word document: comments need one.")
    word = open_word(data, name)
    for fault in faults:
        paragraph = word.paragraphs[fault.sentence.paragraph - 1]
        if paragraph.runs:
            text = f"{fault.kind[:1].upper()}{fault.kind[1:]}. {fault.message}"
            word.add_comment(paragraph.runs, text=text, author="nexuskb", initials="nx")
    out = io.BytesIO()
    word.save(out)
    return out.getvalue()
