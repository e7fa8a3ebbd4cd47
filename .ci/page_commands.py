#!/usr/bin/env python3
"""The code and the commands of a page, for the tests that run them.

    .ci/page_commands.py PAGE HEADING FOLDER   write the files of a section to FOLDER, and print its commands, one per line: those
                                               behind "$", and those of blocks without a language
"""

import re
import sys
from pathlib import Path


def section(text, heading):
    """What stands below a heading, up to the next one of its rank, or the end; comments in code are no headings."""
    begin = re.search(rf"^{re.escape(heading)}\n", text, re.M).end()
    hidden = re.sub(r"^```.*?^```$", lambda block: " " * len(block[0]), text, flags=re.S | re.M)
    end = re.compile(rf"^#{{1,{heading.index(' ')}}} ", re.M).search(hidden, begin)
    return text[begin:end.start() if end else None]


def code(text):
    """Name, language and lines of each block of code. The name is that at the end of the line above, `NAME`:, or empty."""
    return re.findall(r"(?:^[^\n]*`([\w.]+)`:\n\n)?^```(\w+)\n(.*?)^```", text, re.S | re.M)


def commands(text):
    """Each command behind "$", and the lines that are shown below it."""
    text = re.sub(r"^```.*?^```\n", "", text, flags=re.S | re.M)
    blocks = "".join(block for block in re.findall(r"(?:^    .*\n)+", text, re.M) if block.startswith("    $ "))
    for lines in re.split(r"^    \$ ", blocks, flags=re.M)[1:]:
        command, *expected = re.sub(r"^    ", "", lines, flags=re.M).replace("\\\n", "").splitlines()
        yield command, expected


def main(page, heading, folder):
    text = section(Path(page).read_text(), heading)
    for name, _, lines in code(text):
        (Path(folder) / name).write_text(lines)
    # As one kind, in the order of the page.
    shown = re.sub(r"^```(\w*)\n(.*?)^```\n", lambda block: "" if block[1] else re.sub(r"(?m)^(?=.)", "    $ ", block[2]), text,
                   flags=re.S | re.M)
    for command, _ in commands(shown):
        print(command)


if __name__ == "__main__":
    main(*sys.argv[1:])
