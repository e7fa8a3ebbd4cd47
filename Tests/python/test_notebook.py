"""The notebook of docs/notebook.md: it is that page, and it runs."""

import re
import shutil
from pathlib import Path

import pytest

jupytext = pytest.importorskip("jupytext")
nbclient = pytest.importorskip("nbclient")
nbformat = pytest.importorskip("nbformat")
pytest.importorskip("ipykernel")

DOCS = Path(__file__).resolve().parents[2] / "docs"


def cells(notebook):
    return [(cell.cell_type, cell.source) for cell in notebook.cells]


def test_it_is_the_page():
    """`make notebook` makes it; what a run printed is not kept."""
    notebook = nbformat.read(DOCS / "notebook.ipynb", as_version=4)
    assert cells(notebook) == cells(jupytext.read(DOCS / "notebook.md")), "make notebook"
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in notebook.cells)


def test_it_runs(tmp_path):
    """In a folder of its own, from the first cell to the last; the network of the tenth wearer is better than that of the nine."""
    watch = tmp_path / "examples" / "watch"
    watch.mkdir(parents=True)
    for name in ("without-wearer-2.hypr", "wearer-2.stream"):
        shutil.copy(DOCS.parent / "examples" / "watch" / name, watch)
    notebook = nbformat.read(DOCS / "notebook.ipynb", as_version=4)
    nbclient.NotebookClient(notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}).execute()
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    shown = [output.data for output in outputs if "data" in output]
    assert sum("image/png" in data for data in shown) == 2, "the live plot and the gauge"
    assert sum("hypr." in data.get("text/html", "") for data in shown) == 2, "model and session as tables"
    printed = "".join(output.text for output in outputs if output.output_type == "stream")
    before, after = map(float, re.search(r"without learning ([\d.]+)% .* with learning ([\d.]+)%", printed).groups())
    assert after > before + 5, printed
    assert (tmp_path / "runs/wearer/report.html").read_text().count("<img") > 8
