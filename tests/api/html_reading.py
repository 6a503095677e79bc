"""Reading pages the way a browser does, far enough to test them."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_VOID = frozenset({"meta", "link", "input", "br", "hr", "img", "source", "col", "base", "wbr"})
_URL = re.compile(r"""url\(\s*['"]?([^'")]*)|@import\s+['"]([^'"]*)""", re.IGNORECASE)


class Page(HTMLParser):
    """A page: its elements with attributes, texts, tables with their rows, and tags that do not match."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.source = text
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.mismatched: list[str] = []
        self.rows: list[list[str]] = []
        self.tables: list[list[list[str]]] = []
        self._texts: list[tuple[str, dict[str, str], list[str]]] = []
        self._open: list[tuple[str, list[str]]] = []
        self.feed(text)
        self.close()
        self.mismatched += [f"<{tag}> never ends" for tag, _ in self._open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self.elements.append((tag, attributes))
        if tag == "table":
            self.tables.append([])
        if tag == "tr":
            self.rows.append([])
            self.tables[-1].append(self.rows[-1])
        if tag not in _VOID:
            words: list[str] = []
            self._texts.append((tag, attributes, words))
            self._open.append((tag, words))

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open[-1][0] != tag:
            self.mismatched.append(f"</{tag}> at line {self.getpos()[0]}")
            return
        _, words = self._open.pop()
        if tag in ("td", "th"):
            self.rows[-1].append(_plain(words))

    def handle_data(self, data: str) -> None:
        for _, words in self._open:
            words.append(data)

    def texts(self, tag: str, kind: str = "") -> list[str]:
        """The texts of all elements of this tag, and of this class if one is given."""
        return [
            _plain(w)
            for t, a, w in self._texts
            if t == tag and (not kind or kind in a.get("class", "").split())
        ]

    def exact(self, tag: str) -> list[str]:
        """The texts of all elements of this tag with all their white space."""
        return ["".join(words) for t, _, words in self._texts if t == tag]

    def links(self) -> list[str]:
        """Where the page leads by links."""
        return [a["href"] for tag, a in self.elements if tag == "a" and "href" in a]

    def stylesheets(self) -> list[str]:
        """The stylesheets that the page loads."""
        return [a["href"] for tag, a in self.elements if tag == "link" and a.get("rel") == "stylesheet"]

    def loaded(self) -> list[str]:
        """Everything that the page loads or sends to, without anybody following a link."""
        found = []
        for tag, attributes in self.elements:
            for name, value in attributes.items():
                if name in ("src", "poster", "data", "background", "action", "formaction", "ping"):
                    found.append(value)
                elif name in ("srcset", "imagesrcset"):
                    found += [part.split()[0] for part in value.split(",") if part.strip()]
                elif name == "href" and tag not in ("a", "area"):
                    found.append(value)
                elif name == "style":
                    found += loaded_by_style(value)
        return found + [url for text in self.exact("style") for url in loaded_by_style(text)]

    def active(self) -> list[str]:
        """Frames, objects, handlers, and scripts other than the files of our own: whatever could run."""
        tags = [
            tag
            for tag, attributes in self.elements
            if tag in ("iframe", "object", "embed", "base")
            or (tag == "script" and not attributes.get("src", "").startswith("/static/"))
        ]
        tags += ["script with text" for text in self.exact("script") if text.strip()]
        handlers = [name for _, attributes in self.elements for name in attributes if name.startswith("on")]
        links = [
            link for link in self.links() if re.match(r"\s*(javascript|data|vbscript):", link, re.IGNORECASE)
        ]
        return tags + handlers + links


def loaded_by_style(text: str) -> list[str]:
    """What a stylesheet loads."""
    return [first or second for first, second in _URL.findall(text)]


def _plain(words: list[str]) -> str:
    return " ".join("".join(words).split())
