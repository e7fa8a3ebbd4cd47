"""The examples of bindings/python/README.md that need the libraries which are installed here."""

import re
from pathlib import Path

import pytest

import hypr

README = Path(__file__).resolve().parents[2] / "bindings" / "python" / "README.md"


def example(heading):
    """The code of a section, which is indented: code in fences is run by Tests/python, without these libraries."""
    section = re.split(r"^##", README.read_text().split(f"\n### {heading}\n")[1], flags=re.MULTILINE)[0]
    return "\n".join(line[4:] for line in section.splitlines() if line.startswith("    "))


@pytest.mark.parametrize("heading, file, outputs", [("snnTorch", "gesture.hypr", 2), ("Norse", "norse.hypr", 2)])
def test_example(heading, file, outputs, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exec(compile(example(heading), heading, "exec"), {})
    assert hypr.Model.load(file).output_size == outputs
