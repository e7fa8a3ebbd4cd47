"""Checks for which Pythons an installer takes a wheel: every one with a GIL from 3.10 to 3.14 on a glibc of 2.27 or newer, none
without, none older.

    python packaging/check_wheel_tags.py WHEEL
"""

from __future__ import annotations

import sys
from pathlib import Path

from packaging.tags import cpython_tags
from packaging.utils import parse_wheel_filename


def main() -> None:
    path = Path(sys.argv[1])
    _, _, _, tags = parse_wheel_filename(path.name)
    machine = path.stem.rsplit("manylinux_2_27_", 1)[-1]
    if not path.stem.endswith(f"-manylinux_2_27_{machine}"):
        sys.exit(f"error: {path.name} is not tagged manylinux_2_27")
    for version, abi, glibc, expected in [
        *(((3, minor), f"cp3{minor}", 27, True) for minor in range(10, 15)), ((3, 9), "cp39", 27, False),
        ((3, 13), "cp313t", 27, False), ((3, 14), "cp314t", 27, False), ((3, 12), "cp312", 26, False),
    ]:
        platforms = [f"manylinux_2_{release}_{machine}" for release in range(glibc, 16, -1)]
        taken = bool(tags & set(cpython_tags(version, [abi], platforms)))
        if taken != expected:
            sys.exit(f"error: {path.name} is {'' if taken else 'not '}taken by {abi} on glibc 2.{glibc}")
    print(f"{path.name}: for 3.10 to 3.14 with a GIL, on glibc 2.27 or newer, {machine}; {path.stat().st_size} bytes")


main()
