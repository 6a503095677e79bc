"""What is measured on the real base: start to first answer, and the rate of validation."""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path
from typing import Any

from pyshacl import validate as pyshacl_validate

from benchmarks.generator import ROOT
from benchmarks.peers import Data, nexuskb
from nexuskb.content import read_model, read_shapes, read_turtle
from nexuskb.settings import Settings
from nexuskb.validation.base import validate


def first_answers(directory: Path) -> dict[str, float]:
    """Seconds from the command to the first answer, from an empty home and from a filled one."""
    told = {}
    home = directory / "home"
    shutil.rmtree(home, ignore_errors=True)
    data = Data(ROOT / "data", Path(), home)
    for state in ("from an empty directory", "warm"):
        peer = nexuskb("memory")(data, directory)
        told[state] = round(peer.start_seconds, 2)
        peer.stop()
    return told


def validation_rates(sample: str = "kor") -> dict[str, Any]:
    """Triples a second, reading the files included: nexuskb over all, plain pySHACL over one area."""
    settings = Settings(ROOT / "ontology", ROOT / "data", Path())
    begun = time.perf_counter()
    validate(settings)
    whole = time.perf_counter() - begun
    triples = len(read_turtle(sorted(settings.data.rglob("*.ttl"))))
    begun = time.perf_counter()
    part = read_turtle(sorted((settings.data / sample).glob("*.ttl")))
    pyshacl_validate(part + read_model(settings), shacl_graph=read_shapes(settings))
    plain = time.perf_counter() - begun
    return {
        "nexuskb, whole base": {
            "triples": triples, "seconds": round(whole, 2), "triples/s": round(triples / whole),
        },
        f"pyshacl.validate, data/{sample} alone": {
            "triples": len(part), "seconds": round(plain, 2), "triples/s": round(len(part) / plain),
        },
        "ratio": round(triples / whole / (len(part) / plain), 2),
    }  # fmt: skip


if __name__ == "__main__":
    print(validation_rates(), file=sys.stdout)
