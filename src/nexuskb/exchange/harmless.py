"""Text that no spreadsheet takes for a formula, for everything that is written to be opened in one.

In CSV a cell has no type, so an apostrophe goes in front (OWASP, CSV injection); numbers stay numbers. In a
workbook a cell of text is of the type text, and says so to whoever edits it (``quotePrefix``, ECMA-376
part 1, 18.8.45): its value stays as it is.
"""

from __future__ import annotations

import re
from typing import Final

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_NUMBER: Final = re.compile(r"[+-]?\d+([.,]\d+)*\s*%?")

#: The properties of the format of every cell of text, for XlsxWriter.
TEXT_CELL: Final = {"num_format": "@", "quote_prefix": True}


def harmless(text: str) -> str:
    """The text of a cell of CSV."""
    if text.startswith(_FORMULA) and not _NUMBER.fullmatch(text):
        return "'" + text
    return text
