"""Builds libhypr with SwiftPM, the extension module against it, and puts both into one wheel.

    HYPR_LIBRARY   a libhypr.so that is ready to use: nothing is built with Swift then. A relative path counts from the folder in
                   which pip was called
"""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from setuptools import setup
from setuptools.command.build_ext import build_ext
from setuptools.command.sdist import sdist

sys.path.insert(0, str(Path(__file__).resolve().parent))
from cffi_build import HEADER, ROOT  # noqa: E402

LIBRARY = "libhypr.so.0"
# What `make lib` needs, for source distributions.
SOURCES = ("LICENSE", "Makefile", "Package.swift", ".ci", "Sources", "include")


def version() -> str:
    """That of the library, from its header."""
    numbers = re.findall(r"#define HYPR_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)", HEADER.read_text())
    return ".".join(numbers)


def library() -> Path:
    """The library for the wheel: the one that HYPR_LIBRARY names, or else a fresh one."""
    given = os.environ.get("HYPR_LIBRARY")
    if given:
        # Here the working folder is this one: pip works in that in which it was called, and has started this process.
        path = Path(f"/proc/{os.getppid()}/cwd").resolve() / given
        if not path.is_file():
            place = "" if Path(given).is_absolute() else f", from where pip was called {path}"
            raise SystemExit(f"error: HYPR_LIBRARY names {given}{place}, which is no file")
        return path
    advice = "Or set HYPR_LIBRARY to the path of a libhypr.so that is ready to use."
    for program in ("make", "swift"):
        if shutil.which(program) is None:
            raise SystemExit(
                f"error: libhypr is built with make and Swift 6.3 or newer, and there is no {program} in PATH.\n"
                f"Swift: https://www.swift.org/install/linux. {advice}")
    if subprocess.run(["make", "-C", str(ROOT), "lib"]).returncode:
        raise SystemExit(f"error: `make lib` failed in {ROOT}: the reason is above. {advice}")
    return ROOT / "build" / "lib" / LIBRARY


def refuse_free_threading() -> None:
    """The extension module is of the stable ABI, which free-threaded Pythons do not have, and nothing was tested with them."""
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        raise SystemExit("error: hypr is not for free-threaded Pythons yet (3.13t, 3.14t): use one with the GIL, from 3.10 on")


class BuildExtension(build_ext):
    """The extension module, and beside it what it needs: the library, its header and the schema of model files."""

    def run(self) -> None:
        refuse_free_threading()
        headers = sysconfig.get_path("include")
        if not Path(headers, "Python.h").exists():
            raise SystemExit(f"error: there is no Python.h in {headers}; on Debian install the package python3-dev")
        built = library()
        folder = Path(self.get_ext_fullpath("hypr._native")).parent
        folder.mkdir(parents=True, exist_ok=True)
        for source, name in ((built, LIBRARY), (HEADER, "hypr.h"), (HEADER.with_name("hypr.fbs"), "hypr.fbs")):
            shutil.copy(source, folder / name)
        for extension in self.extensions:
            extension.extra_link_args = [str(folder / LIBRARY), "-Wl,-rpath,$ORIGIN", "-Wl,--strip-all"]
        super().run()


class SourceDistribution(sdist):
    """With the sources of the library, which lie outside of this folder."""

    def make_release_tree(self, base_dir: str, files: list[str]) -> None:
        super().make_release_tree(base_dir, files)
        for name in SOURCES:
            source, target = ROOT / name, Path(base_dir) / "source" / name
            if source.is_dir():
                shutil.copytree(source, target, symlinks=True, dirs_exist_ok=True)
            else:
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, target)


setup(
    version=version(),
    cffi_modules=["cffi_build.py:ffibuilder"],
    cmdclass={"build_ext": BuildExtension, "sdist": SourceDistribution},
    # The stable ABI: one wheel for this and all later versions of Python.
    options={"bdist_wheel": {"py_limited_api": "cp310"}},
)
