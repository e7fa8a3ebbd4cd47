"""What the plot of docs/notebook.md shows at the end: python docs/pictures/notebook.py FOLDER FILE, whose code runs in FOLDER."""

import os
import re
import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

page = Path(__file__).resolve().parents[1] / "notebook.md"
folder, file = Path(sys.argv[1]), Path(sys.argv[2]).resolve()
folder.mkdir(parents=True, exist_ok=True)
os.chdir(folder)
variables = {}
text = page.read_text().split("## A report")[0]
for code in re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
    exec(compile(code, str(page), "exec"), variables)
variables["live"].figure.savefig(file, dpi=110)
