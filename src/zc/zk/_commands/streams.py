"""A script's standard streams.

Runs in a script's main thread.  It must not know what a script is for.
"""
from __future__ import annotations

import contextlib
import io
import os
import stat
import sys
from typing import Any


class Failure(Exception):
    """A script cannot go on; its text says why."""


class ClosedOutput(io.TextIOBase):
    """Stands for a standard output that a shell has closed.

    What is written there would be lost, so writing fails.
    """

    def write(self, text: str) -> int:
        raise Failure('the standard output is closed')


def prepare() -> None:
    """Make a process's standard streams fit for what scripts print."""
    for descriptor in range(3):
        # Else a socket would get the number, and what is written to a
        # standard stream by others would go there.
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    if sys.stdout is None:
        sys.stdout = ClosedOutput()
    if sys.stderr is None:
        sys.stderr = open(os.devnull, 'w')
    for stream in (sys.stdout, sys.stderr):
        _set_encoding(stream)


def _set_encoding(stream: Any) -> None:
    with contextlib.suppress(AttributeError):
        stream.reconfigure(errors='backslashreplace')
        if not stream.isatty():
            # What is read elsewhere is UTF-8, whatever terminals here show.
            stream.reconfigure(encoding='utf-8')


def abandon_output() -> None:
    """Drop what could not be written to the standard output.

    Python would complain once more when it flushes at its end.
    """
    with contextlib.suppress(Exception):
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def is_piped(stream: Any) -> bool:
    """Tell whether a stream, or the file of a name, is a pipe or a socket.
    """
    try:
        mode = os.stat(stream if isinstance(stream, str)
                       else stream.fileno()).st_mode
    except (AttributeError, OSError, ValueError):
        return False        # not a file of the system's, or none
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)
