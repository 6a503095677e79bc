"""The notebooks of the documentation run, and say what the base says."""

from __future__ import annotations

import nbformat
import pytest
from nbclient import NotebookClient
from tests.conftest import ROOT, environment

from nexuskb.settings import Settings
from nexuskb.store.embedded import OxigraphStore

NOTEBOOKS = sorted((ROOT / "docs" / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
def test_a_notebook_runs_without_an_error(
    file, settings: Settings, store: OxigraphStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment(settings).items():
        monkeypatch.setenv(name, value)
    notebook = nbformat.read(file, as_version=4)
    assert all(not cell.outputs for cell in notebook.cells if cell.cell_type == "code"), "clear its outputs"
    NotebookClient(notebook, timeout=300, kernel_name="python3").execute()
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert store.generation in code[0].outputs[0].text
    for cell in code[1:4]:
        shown = cell.outputs[-1].data["text/html"]
        assert "Mongolia" in shown
        assert shown.count("<tr>") > 10


def test_the_examples_in_the_text_run(
    settings: Settings, store: OxigraphStore, served: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment(settings).items():
        monkeypatch.setenv(name, value)
    text = (ROOT / "docs/python.md").read_text(encoding="utf-8")
    example = text.partition("```python\n")[2].partition("```")[0].replace("http://127.0.0.1:8000", served)
    told: dict[str, object] = {}
    exec(compile(example, "docs/python.md", "exec"), told)
    assert len(told["table"]) > 0
