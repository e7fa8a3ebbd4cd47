"""Writes the tables of docs/long-sequences.md, and its pictures, from the files of results.

    pages.py                 the tables and pictures anew
    pages.py --check         exit 1 if a table is not what the files say
    pages.py --print TABLE   one table
"""

import argparse
import re
import sys
from pathlib import Path

from records import ROOT
from tables import TABLES

PAGE = ROOT / "docs" / "long-sequences.md"
RESULTS = Path(__file__).resolve().parent / "results"


def renewed(text: str, results: Path) -> str:
    """The page with its tables as the results say: each stands between <!-- table NAME --> and <!-- end of table -->."""
    def table(found: re.Match[str]) -> str:
        return f"<!-- table {found[1]} -->\n\n{TABLES[found[1]](results)}\n<!-- end of table -->"

    return re.sub(r"<!-- table ([a-z0-9 ]+) -->\n.*?<!-- end of table -->", table, text, flags=re.DOTALL)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--print", choices=TABLES, metavar="TABLE", help=f"one of {', '.join(TABLES)}")
    parser.add_argument("--results", type=Path, default=RESULTS, metavar="FOLDER",
                        help="(default: those that the page shows, benchmarks/long-sequences/results)")
    arguments = parser.parse_args()
    if arguments.print:
        print(TABLES[arguments.print](arguments.results))
        return
    text = PAGE.read_text()
    expected = renewed(text, arguments.results)
    if arguments.check:
        if text != expected:
            sys.exit(f"the tables of {PAGE} are not those of {arguments.results}: pages.py writes them")
        return
    PAGE.write_text(expected)
    import pictures

    pictures.draw(arguments.results, PAGE.with_suffix(""))


if __name__ == "__main__":
    main()
