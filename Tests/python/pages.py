"""Runs the commands of a page of the documents, as a reader would who copies them."""

import difflib
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_NUMBER = re.compile(r"[-+−]?\d+(?:\.\d+)?(?:e[-+]?\d+)?")


def commands(text):
    """Pairs of a command and the lines of output below it: indented lines that begin with `$ `, one command after the other.
    A line that ends with a backslash goes on."""
    found = []
    for block in re.findall(r"(?:^    .*\n(?:\s*\n(?=    ))*)+", text, re.M):
        lines = [line[4:] for line in block.splitlines()]
        if not lines[0].startswith("$ "):
            continue
        while lines:
            command = lines.pop(0)[2:]
            while command.endswith("\\"):
                command = command[:-1] + lines.pop(0)
            output = []
            while lines and not lines[0].startswith("$ "):
                output.append(lines.pop(0))
            found.append((command, output))
    return found


def blocks(text, language):
    """The fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.M | re.S)


def run(command, folder, tool):
    """What a command writes, to both of its outputs; an error if it fails."""
    search = os.pathsep.join([str(Path(tool).parent), str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(["bash", "-c", command], cwd=folder, env={**os.environ, "PATH": search}, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120)
    assert done.returncode == 0, f"$ {command}\n{done.stdout}"
    return done.stdout


def compare(shown, printed):
    """Whether a page shows what was printed, but for the values of numbers, which differ by processor level, and for lines of `...`,
    which stand for any lines. An assertion with the difference if not."""
    def plain(line):
        return re.sub(r"\s+", " ", _NUMBER.sub("0", line)).strip()

    wanted, got = [plain(line) for line in shown], [plain(line) for line in printed.splitlines()]
    pattern = "".join("(?:.*\n)*" if line == "..." else re.escape(line) + "\n" for line in wanted)
    difference = "\n".join(difflib.unified_diff(wanted, got, "the page", "what is printed", lineterm=""))
    assert re.fullmatch(pattern, "".join(line + "\n" for line in got)), difference


def project_folder(path):
    """A folder that looks like that of the project, but in which what is made is new."""
    path.mkdir()
    for entry in ROOT.iterdir():
        (path / entry.name).symlink_to(entry)
    return path


def quoted(path):
    return shlex.quote(str(path))
