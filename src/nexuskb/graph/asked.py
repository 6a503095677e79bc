"""What somebody asks of the graph: the parameters of its address, read and checked."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from nexuskb.errors import QuestionError
from nexuskb.paper.network import AGAINST, NETWORK
from nexuskb.questions.catalogue import Parameter, allowed_values
from nexuskb.vocabulary import Vocabularies

DEEPEST: Final = 3

KINDS: Final = {
    "driver": "Drivers",
    "impact": "Impacts",
    "domain": "Domains",
    "policy": "Policies",
    "other": "Topics, goals, institutions",
}
SIGNS: Final = {"more": 1, "less": -1, "unknown": 0}
LINKS: Final = {
    "interlinkages": "Interlinkages, claimed by sources",
    "measures": "Measures: what policies work against",
}

PARAMETERS: Final = (
    Parameter("area", "area", False, "Only links recorded for this State or other area"),
    Parameter("kind", "kinds", False, f"Kinds of node, any of {', '.join(KINDS)}"),
    Parameter("sign", "signs", False, f"What more of the first brings of the second: {', '.join(SIGNS)}"),
    Parameter("confidence", "confidence", False, "Only interlinkages of at least this confidence"),
    Parameter("domain", "domain", False, "Only links that touch this domain"),
    Parameter("links", "links", False, f"What counts as a link, any of {', '.join(LINKS)}"),
    Parameter("focus", "node", False, "Only what is around this node"),
    Parameter("depth", "number", False, f"How many links around the focus, 1 to {DEEPEST}; 1 if not given"),
    Parameter("from", "node", False, "Ways from this node"),
    Parameter("to", "node", False, "Ways to this node"),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody asked for; ``given`` are the parameters as they came, for the address of the view."""

    area: str = ""
    kinds: tuple[str, ...] = ()
    signs: tuple[int, ...] = ()
    confidence: str = ""
    domain: str = ""
    links: tuple[str, ...] = ("interlinkages",)
    focus: str = ""
    depth: int = 1
    start: str = ""
    end: str = ""
    given: tuple[tuple[str, str], ...] = ()

    @property
    def address(self) -> str:
        """The query string that asks for this again."""
        return urlencode(self.given)

    @property
    def questions(self) -> tuple[str, ...]:
        """The named questions behind it."""
        return tuple(
            name for key, name in (("interlinkages", NETWORK), ("measures", AGAINST)) if key in self.links
        )


def read_asked(given: Iterable[tuple[str, str]], vocabularies: Vocabularies) -> Asked:
    """What the parameters of an address ask for; those of several values come again, or with commas.

    Raises :class:`QuestionError` that names the parameter, the value and what is allowed.
    """
    values: dict[str, list[str]] = {}
    for name, value in given:
        if name not in {parameter.name for parameter in PARAMETERS}:
            known = ", ".join(parameter.name for parameter in PARAMETERS)
            raise QuestionError(f"The graph has no parameter {name!r}. It has: {known}.", name)
        several = name in ("kind", "sign", "links")
        parts = [part.strip() for part in (value.split(",") if several else [value])]
        values.setdefault(name, []).extend(part for part in parts if part)
    values = {name: list(dict.fromkeys(found)) for name, found in values.items() if found}
    one = {name: found[-1] for name, found in values.items()}
    depth = one.get("depth", "1")
    if depth not in {str(number) for number in range(1, DEEPEST + 1)}:
        raise QuestionError(f"{depth!r} does not do for depth: give a number from 1 to {DEEPEST}.", "depth")
    return Asked(
        area=_term("area", one, vocabularies),
        kinds=_some("kind", values, KINDS),
        signs=tuple(SIGNS[key] for key in _some("sign", values, SIGNS)),
        confidence=_term("confidence", one, vocabularies),
        domain=_term("domain", one, vocabularies),
        links=_some("links", values, LINKS) or _links(one, vocabularies),
        focus=one.get("focus", ""),
        depth=int(depth),
        start=one.get("from", ""),
        end=one.get("to", ""),
        given=tuple((name, value) for name, found in values.items() for value in found),
    )


def _term(name: str, given: Mapping[str, str], vocabularies: Vocabularies) -> str:
    """The key of the vocabulary term that a parameter of this name gives."""
    value = given.get(name, "")
    if not value:
        return ""
    scheme = vocabularies.schemes[name]
    if term := scheme.find(value):
        return term.key
    near = scheme.nearest(value)
    hint = f" Did you mean {near.notation}?" if near else ""
    parameter = next(parameter for parameter in PARAMETERS if parameter.name == name)
    raise QuestionError(
        f"{value!r} is not a known {name}.{hint} {allowed_values(parameter, vocabularies)}", name
    )


def _some(name: str, given: Mapping[str, list[str]], known: Collection[str]) -> tuple[str, ...]:
    for value in given.get(name, ()):
        if value not in known:
            raise QuestionError(f"{value!r} does not do for {name}. Give any of {', '.join(known)}.", name)
    return tuple(given.get(name, ()))


def _links(given: Mapping[str, str], vocabularies: Vocabularies) -> tuple[str, ...]:
    """What counts as a link if nobody says: around a record, what policies work against as well."""
    named = [given[name] for name in ("focus", "from", "to") if name in given]
    terms = [vocabularies.schemes[key] for key in ("driver", "impact", "domain", "topic", "sdg")]
    known = all("/" in text or any(scheme.find(text) for scheme in terms) for text in named)
    return ("interlinkages",) if known else tuple(LINKS)
