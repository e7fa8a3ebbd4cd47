"""Files that are replaced as a whole."""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from hypr.errors import FileError


def replace_file(path: str | os.PathLike[str], data: bytes) -> None:
    """Writes a file atomically: whatever happens, the path holds the old content or the new, with the rights of the old.

    A process that is killed leaves .NAME.hypr-saving beside it, of long names the first 50 characters, which the next call uses.
    """
    try:
        target = Path(os.path.realpath(path))  # a symbolic link stays
        with _locked(target.with_name(f".{target.name[:50]}.hypr-saving")) as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            with suppress(FileNotFoundError):
                os.fchmod(file.fileno(), stat.S_IMODE(target.stat().st_mode))
            os.replace(file.name, target)
    except OSError as error:
        raise FileError(f"{os.fspath(path)!r} cannot be written: {error.strerror}") from error


@contextmanager
def _locked(path: Path) -> Generator[BinaryIO, None, None]:
    """An empty file that nobody else writes, and that is gone if this fails; waits for who has it."""
    while True:
        with open(path, "ab", opener=lambda name, flags: os.open(name, flags | os.O_NOFOLLOW | os.O_NONBLOCK, 0o666)) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            try:
                is_there = os.path.samestat(os.lstat(path), os.fstat(file.fileno()))
            except FileNotFoundError:
                is_there = False
            if not is_there:
                continue  # who had it has put it in its place
            if os.fstat(file.fileno()).st_nlink != 1:
                path.unlink()  # whoever put it there may have linked it to anything
                continue
            try:
                file.truncate(0)
                yield file
            except BaseException:
                path.unlink()
                raise
            return
