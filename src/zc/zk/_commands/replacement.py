"""A file that takes another's place, whole or not at all.

Runs in a script's main thread.  It must not know what is written.
"""
from __future__ import annotations

import contextlib
import errno
import os
import stat
import tempfile
from collections.abc import Iterator
from typing import TextIO


@contextlib.contextmanager
def replacement(name: str) -> Iterator[tuple[TextIO, str]]:
    """Give a new file, which replaces the old one at the end of a ``with``
    statement; when that raises an error, the old one stays.

    It gets the old one's mode.  Where `name` is a link, it stays one: what
    it leads to is replaced.

    :param name: of a regular file, or of none
    :returns: the file, to be written, and its name until then
    """
    name = os.path.realpath(name)
    directory = os.path.dirname(name)
    if not os.path.isdir(directory):
        raise FileNotFoundError(
            errno.ENOENT, os.strerror(errno.ENOENT), name)
    old = _status(name)
    descriptor, temporary = tempfile.mkstemp(
        dir=directory, prefix=os.path.basename(name) + '.')
    try:
        with open(descriptor, 'w', encoding='utf-8', newline='') as file:
            if old is None:
                umask = os.umask(0)
                os.umask(umask)
                os.fchmod(descriptor, 0o666 & ~umask)
            else:
                new = os.fstat(descriptor)
                if (old.st_uid, old.st_gid) != (new.st_uid, new.st_gid):
                    _give(descriptor, old, name)
                os.fchmod(descriptor, stat.S_IMODE(old.st_mode))
            yield file, temporary
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, name)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise


def _status(name: str) -> os.stat_result | None:
    try:
        return os.stat(name)
    except FileNotFoundError:
        return None


def _give(descriptor: int, old: os.stat_result, name: str) -> None:
    try:
        os.fchown(descriptor, old.st_uid, old.st_gid)
    except PermissionError as e:
        raise PermissionError(
            e.errno, 'its owner and group cannot be kept: run this as its '
            'owner, or as root', name) from None
