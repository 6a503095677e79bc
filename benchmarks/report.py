"""The report of a run: tables in Markdown with ratios to ``oxigraph serve``, the aims, and a plot."""

from __future__ import annotations

import math
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

_REFERENCE = "oxigraph serve"
_OURS = "nexuskb (memory)"
_ONE, _MANY = "mix unseen, 1 client", "mix unseen, 16 clients"
_REPEATED_ONE, _REPEATED_MANY = "mix repeated, 1 client", "mix repeated, 16 clients"
_POINT = "point lookup, 1 client"
_ALONE, _BESIDE = "15 light clients", "15 light clients beside 1 heavy"
_QUESTIONS = "named questions, 1 client"

_VERSIONS = (
    "pyoxigraph", "oxigraph", "virtuoso", "rdflib", "rdflib-endpoint", "oxrdflib", "fastapi", "uvicorn"
)  # fmt: skip

Result = dict[str, Any]


def write_report(result: Result, output: Path) -> None:
    """Write ``result.md`` and ``result.svg`` under ``output``."""
    (output / "result.md").write_text(markdown(result), encoding="utf-8")
    (output / "result.svg").write_text(plot(result), encoding="utf-8")


def write_into(result: Result, document: Path, picture: Path) -> None:
    """Put the tables between the marks of a document, or add them, and the plot at ``picture``."""
    size = f"{result['settings']['triples']:,}"
    opening, closing = f"<!-- run {size} -->", f"<!-- end {size} -->"
    link = picture.relative_to(document.parent).as_posix()
    body = "\n".join(
        [opening, f"## {size} triples", "", f"![Requests a second]({link})", "", markdown(result), closing]
    )
    text = document.read_text(encoding="utf-8")
    before, mark, rest = text.partition(opening)
    after = rest.partition(closing)[2] if mark else "\n"
    before = before if mark else before.rstrip("\n") + "\n\n"
    document.write_text(before + body + after, encoding="utf-8")
    picture.write_text(plot(result), encoding="utf-8")


def phase(result: Result, peer: str, name: str, key: str) -> float | None:
    """One figure of one phase of one peer, or nothing."""
    told = result["peers"].get(peer, {}).get("phases", {}).get(name, {})
    value = told.get(key)
    return None if value is None else float(value)


def markdown(result: Result) -> str:
    """The tables."""
    parts = [
        _setting(result),
        "### Requests a second\n\nIn brackets the ratio to `oxigraph serve`.\n",
        _rates(result),
        _processor(result),
        "### Latency\n\nMilliseconds, median / 99 in 100.\n",
        _latencies(result),
        "### Median by kind, one client\n\nMilliseconds over the unseen mix; the ratio is that of nexuskb to "
        "`oxigraph serve`.\n",
        _kinds(result),
        "### Loading, starting, memory\n",
        _resources(result),
        _streams(result),
        "### Aims\n",
        _aims(result),
        _rest(result),
    ]
    return "\n".join(parts)


def _setting(result: Result) -> str:
    machine, base, settings = result["machine"], result["base"], result["settings"]
    versions = ", ".join(f"{name} {machine[name]}" for name in _VERSIONS if name in machine)
    loads = ", ".join(f"{load:g}" for load in machine["load average before and after"])
    client = " and ".join(f"{rate:,}/s over {name}" for name, rate in result["ceiling"].items())
    parts = (
        f"{machine['when']}; {machine['cores']} cores ({machine['processor']}), {machine['memory GiB']} GiB,",
        f"{machine['system']}, Python {machine['python']}; {versions};",
        f"nexuskb at {machine['nexuskb commit']}. Load average before and after: {loads}.",
        f"{base['data triples']:,} triples of data in {base['records']:,} records,",
        f"{base['triples served']:,} triples served with model and derived graph;",
        f"{settings['seconds']:g} s for the longest phase, seed {settings['seed']};",
        f"the run took {result['took seconds']:g} s. The client alone does {client}.",
    )
    return " ".join(parts) + "\n"


def _rates(result: Result) -> str:
    names = (_ONE, _MANY, _REPEATED_ONE, _REPEATED_MANY)

    def row(peer: str) -> list[str]:
        cells = []
        for name in names:
            rate, reference = (phase(result, who, name, "requests/s") for who in (peer, _REFERENCE))
            cells.append(
                _missing(result, peer, name) if rate is None else f"{_figure(rate)}{_ratio(rate, reference)}"
            )
        asked = result["peers"][peer]["phases"].get(_QUESTIONS, {}).get("answered of")
        cells.append(f"{asked[0]} of {asked[1]}" if asked else "-")
        return cells

    head = [
        "unseen, 1 client", "unseen, 16 clients", "repeated, 1 client", "repeated, 16 clients",
        "named questions answered in the time",
    ]  # fmt: skip
    return _table("peer", head, result["peers"], row)


def _processor(result: Result) -> str:
    names = (_POINT, _ONE, _MANY, _REPEATED_MANY)

    def row(peer: str) -> list[str]:
        used = [phase(result, peer, name, "processor seconds an answer") for name in names]
        return ["-" if seconds is None else _figure(seconds * 1000) for seconds in used]

    head = ["point lookup, 1 client", "mix, 1 client", "mix, 16 clients", "repeated, 16 clients"]
    said = "### Processor time\n\nMilliseconds of all processes of the peer for an answer.\n\n"
    known = any(
        phase(result, peer, name, "processor seconds an answer") for peer in result["peers"] for name in names
    )
    return said + _table("peer", head, result["peers"], row) if known else ""


def _latencies(result: Result) -> str:
    names = (_POINT, _ONE, _MANY, _ALONE, _BESIDE, _QUESTIONS)

    def row(peer: str) -> list[str]:
        return [_pair(result, peer, name) for name in names]

    head = [
        "point lookup, 1 client", "mix, 1 client", "mix, 16 clients", "15 light clients",
        "the same beside 1 heavy", "named questions",
    ]  # fmt: skip
    return _table("peer", head, result["peers"], row)


def _kinds(result: Result) -> str:
    peers = list(result["peers"])
    kinds = list(result["settings"]["weights"])

    def median(peer: str, kind: str) -> float | None:
        told = result["peers"][peer]["phases"].get(_ONE, {}).get("kinds", {}).get(kind, {})
        return told.get("median")

    def row(kind: str) -> list[str]:
        cells = ["-" if (m := median(peer, kind)) is None else _figure(m * 1000) for peer in peers]
        ours, reference = (median(who, kind) if who in peers else None for who in (_OURS, _REFERENCE))
        return [*cells, f"{ours / reference:.2f}" if ours and reference else "-"]

    return _table("kind", [*peers, "ratio"], kinds, row)


def _resources(result: Result) -> str:
    def row(peer: str) -> list[str]:
        told = result["peers"][peer]
        idle, peak = told["memory idle"], told.get("memory peak", told["memory idle"])
        memory = [f"{m['rss']:,.0f} ({m['pss']:,.0f})" for m in (idle, peak)]
        return [_figure(told["load seconds"]), _figure(told["start seconds"]), *memory]

    head = [
        "load, s",
        "start to first answer, s",
        "MiB resident when started (shared once)",
        "MiB after the phases",
    ]
    told = f"\nnexuskb's store was filled beforehand in {result['base']['nexuskb fill seconds']} s.\n"
    return _table("peer", head, result["peers"], row) + told


def _streams(result: Result) -> str:
    """Very large answers, where the run has any."""
    streams = {peer: told["stream"] for peer, told in result["peers"].items() if "stream" in told}
    if not streams:
        return ""

    def row(peer: str) -> list[str]:
        told = streams[peer]
        if reason := told.get("not measured"):
            return [reason, "-", "-", "-"]
        grown = told["MiB at most"] - told["MiB before"]
        return [
            f"{told['bytes'] / 1024**2:,.0f}",
            _figure(told["seconds to the first bytes"]),
            _figure(told["seconds"]),
            f"{grown:,.0f}",
        ]

    rows = min(1_000_000, result["settings"]["triples"])
    said = (
        f"### One answer of {rows:,} rows\n\nRead as it comes; memory of all processes of the peer, shared "
        "pages counted once, at most while it is read and above what it was before.\n\n"
    )
    head = ["MiB of answer", "s to the first bytes", "s to the end", "MiB of memory more"]
    return said + _table("peer", head, streams, row)


class Aim(NamedTuple):
    """An aim in words, what came of it, and whether it is met (nothing where it was not measured)."""

    words: str
    figure: str
    met: bool | None


def aims(result: Result) -> list[Aim]:
    """Every aim against this run."""

    def times(words: str, name: str, peer: str, least: float) -> Aim:
        ours, theirs = (phase(result, who, name, "requests/s") for who in (_OURS, peer))
        if not ours or not theirs:
            return Aim(words, "not measured", None)
        return Aim(words, f"{ours / theirs:.2f} x", ours / theirs >= least)

    def most(words: str, ours: float | None, theirs: float | None, limit: float) -> Aim:
        if not ours or not theirs:
            return Aim(words, "not measured", None)
        return Aim(words, f"{ours / theirs:.2f} x", ours / theirs <= limit)

    pure = "rdflib-endpoint (rdflib)"
    return [
        times("Unseen, 1 client: 1.8 x `oxigraph serve`", _ONE, _REFERENCE, 1.8),
        times("Unseen, 16 clients: 2.5 x `oxigraph serve`", _MANY, _REFERENCE, 2.5),
        times("Unseen, 1 client: level with Virtuoso", _ONE, "Virtuoso", 1.0),
        times("Unseen, 16 clients: 1.6 x Virtuoso", _MANY, "Virtuoso", 1.6),
        times("Unseen, 1 client: 60 x rdflib-endpoint", _ONE, pure, 60),
        times("Unseen, 16 clients: 60 x rdflib-endpoint", _MANY, pure, 60),
        most(
            "Point lookup: median at most 1.5 x `oxigraph serve`",
            phase(result, _OURS, _POINT, "median"), phase(result, _REFERENCE, _POINT, "median"), 1.5,
        ),
        times("Repeated, 1 client: at least 30 x `oxigraph serve`", _REPEATED_ONE, _REFERENCE, 30),
        times("Repeated, 16 clients: at least 30 x `oxigraph serve`", _REPEATED_MANY, _REFERENCE, 30),
        most(
            "p99 of light clients beside a heavy one: at most 3 x without",
            phase(result, _OURS, _BESIDE, "p99"), phase(result, _OURS, _ALONE, "p99"), 3.0,
        ),
    ]  # fmt: skip


def _aims(result: Result) -> str:
    def row(number: str) -> list[str]:
        aim = aims(result)[int(number) - 1]
        return [aim.words, aim.figure, {True: "met", False: "missed", None: "-"}[aim.met]]

    return _table("no.", ["aim", "this run", "met"], [str(i + 1) for i in range(len(aims(result)))], row)


def _rest(result: Result) -> str:
    said = []
    if first := result.get("first answer"):
        times = ", ".join(f"{state} {seconds} s" for state, seconds in first.items())
        said.append(f"nexuskb's start to first answer on the real base: {times}.")
    if validation := result.get("validation"):
        rates = "; ".join(
            f"`{what}` {told['records'] / told['seconds']:,.0f} records/s "
            f"({told['records']:,} in {told['seconds']} s)"
            for what, told in validation.items()
        )
        said.append(f"Validation: {rates}.")
    said += [f"Missing: {peer}: {reason}." for peer, reason in result["missing"].items()]
    for peer, told in result["peers"].items():
        for name, figures in told["phases"].items():
            trouble = [f"{figures[key]} {key}" for key in ("errors", "cut off") if figures.get(key)]
            if "begun anew" in figures:
                trouble.append("queries used up and begun anew")
            if reason := figures.get("not measured"):
                trouble.append(f"not measured: {reason}")
            if trouble:
                said.append(f"{peer}, {name}: {', '.join(trouble)}.")
        if told["restarts"]:
            said.append(f"{peer}: started anew {told['restarts']} times, still busy 5 s after a phase.")
        if "failed" in told:
            said.append(f"{peer} failed: {told['failed']}.")
    said += _company(result)
    compared = sum(rows is not None for told in result["peers"].values() for rows in told["answers"])
    disagreements = "; ".join(result["disagreements"]) or "all have the rows that most have"
    said.append(f"Compared {compared} answers: {disagreements}.")
    return "\n### Notes\n\n" + "\n".join(f"- {line}" for line in said) + "\n"


def _company(result: Result) -> list[str]:
    """How much of the machine other programs took, which a figure has to be read with."""
    taken = {
        peer: [p["cores taken by others"] for p in told["phases"].values() if "cores taken by others" in p]
        for peer, told in result["peers"].items()
    }
    words = "; ".join(
        f"{peer} {sum(times) / len(times):.2f} (at most {max(times):.2f})"
        for peer, times in taken.items()
        if times
    )
    return [f"Cores taken by programs other than the client and the peer, mean over its phases: {words}."]


def _table(corner: str, head: list[str], names: Any, row: Callable[[str], list[str]]) -> str:
    lines = [f"| {corner} | {' | '.join(head)} |", "| --- |" + " ---: |" * len(head)]
    lines += [f"| {name} | {' | '.join(row(name))} |" for name in names]
    return "\n".join(lines) + "\n"


def _pair(result: Result, peer: str, name: str) -> str:
    median, p99 = phase(result, peer, name, "median"), phase(result, peer, name, "p99")
    if median is None or p99 is None:
        return _missing(result, peer, name)
    return f"{_figure(median * 1000)} / {_figure(p99 * 1000)}"


def _missing(result: Result, peer: str, name: str) -> str:
    return "too busy" if "not measured" in result["peers"][peer]["phases"].get(name, {}) else "-"


def _ratio(value: float, reference: float | None) -> str:
    return f" ({_figure(value / reference)})" if reference else ""


def _figure(value: float) -> str:
    """Three digits that count."""
    if value == 0:
        return "0"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:,.{min(digits, 3)}f}"


_LEFT, _WIDTH, _BAR, _GAP = 190, 380, 18, 8


def plot(result: Result) -> str:
    """Bars of requests a second on a logarithmic axis, a panel each for three phases."""
    panels = [
        (_ONE, "Unseen queries, 1 client"), (_MANY, "Unseen queries, 16 clients"),
        (_REPEATED_MANY, "Repeated queries, 16 clients"),
    ]  # fmt: skip
    peers = list(result["peers"])
    rates = [phase(result, peer, name, "requests/s") or 0 for name, _ in panels for peer in peers]
    low = 10 ** math.floor(math.log10(max(0.1, min((r for r in rates if r > 0), default=1))))
    high = max(10 ** math.ceil(math.log10(max([*rates, 10]))), low * 10)
    panel_height = 48 + len(peers) * (_BAR + _GAP)
    height = panel_height * len(panels) + 24
    width = _LEFT + _WIDTH + 90
    said = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12" role="img">',
        "<title>Requests a second of SPARQL endpoints, logarithmic axis</title>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
    ]
    for place, (name, title) in enumerate(panels):
        said += _panel(result, name, title, peers, (place * panel_height + 8, low, high))
    said.append("</svg>")
    return "\n".join(said) + "\n"


def _panel(
    result: Result, name: str, title: str, peers: list[str], frame: tuple[float, float, float]
) -> list[str]:
    top, low, high = frame
    bottom = top + 22 + len(peers) * (_BAR + _GAP)

    def x(value: float) -> float:
        return _LEFT + _WIDTH * math.log10(max(value, low) / low) / math.log10(high / low)

    said = [f'<text x="{_LEFT}" y="{top + 14}" font-weight="bold">{escape(title)} (requests/s)</text>']
    tick = low
    while tick <= high * 1.001:
        said.append(
            f'<line x1="{x(tick):.1f}" x2="{x(tick):.1f}" y1="{top + 20}" y2="{bottom}" stroke="#cccccc"/>'
            f'<text x="{x(tick):.1f}" y="{bottom + 14}" text-anchor="middle" fill="#555555">{tick:,g}</text>'
        )
        tick *= 10
    for place, peer in enumerate(peers):
        y = top + 24 + place * (_BAR + _GAP)
        rate = phase(result, peer, name, "requests/s")
        colour = "#1b6ca8" if peer.startswith("nexuskb") else "#9aa5ad"
        said.append(f'<text x="{_LEFT - 8}" y="{y + 13}" text-anchor="end">{escape(peer)}</text>')
        if rate:
            length = max(1.0, x(rate) - _LEFT)
            said.append(f'<rect x="{_LEFT}" y="{y}" width="{length:.1f}" height="{_BAR}" fill="{colour}"/>')
        label = _figure(rate) if rate is not None else "not measured"
        said.append(f'<text x="{x(rate or low) + 6:.1f}" y="{y + 13}">{label}</text>')
    return said
