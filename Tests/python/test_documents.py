"""The Python code of the documents, page by page: it runs, and prints what is shown, but for the digits of numbers."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = ["README.md", "docs/import.md", "docs/late-labels.md", "docs/start-python.md"]


def blocks(text):
    """The code of each block, and what is shown after the word `prints`, or None."""
    for code, shown in re.findall(r"^```python\n(.*?)^```\n(?:\nprints\n\n((?:    [^\n]*\n)+))?", text, re.MULTILINE | re.DOTALL):
        yield code, re.sub(r"^    ", "", shown, flags=re.MULTILINE)


def masked(text):
    return re.sub(r"\d[\d.]*", "#", text)


@pytest.mark.parametrize("page", PAGES)
def test_page(page, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    variables = {}
    found = list(blocks((ROOT / page).read_text()))
    assert found
    for code, shown in found:
        exec(compile(code, page, "exec"), variables)
        printed = capsys.readouterr().out
        if shown:
            assert masked(printed) == masked(shown), printed
