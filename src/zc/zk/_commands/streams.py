"""A script's standard streams and files.

Runs in a script's main thread.  It must not know what a script is for.
"""
from __future__ import annotations

import contextlib
import errno
import io
import json
import os
import stat
import sys
import tempfile
from collections.abc import Iterable
from collections.abc import Sequence
from typing import Any
from typing import TextIO

from .._printable import printable
from .._tree.model import Node
from .._tree.parser import parse_tree
from ..errors import TreeSyntaxError


#: How many items of a list are shown on the standard error.
SHOWN = 20


class Failure(Exception):
    """A script cannot go on; its text says why."""


# The streams

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


def complain(line: str) -> None:
    """Print a line on the standard error, if anyone can still read it."""
    with contextlib.suppress(OSError, ValueError):
        print(line, file=sys.stderr, flush=True)


def is_piped(stream: Any) -> bool:
    """Tell whether a stream, or the file of a name, is a pipe or a socket.
    """
    try:
        mode = os.stat(stream if isinstance(stream, str)
                       else stream.fileno()).st_mode
    except (AttributeError, OSError, ValueError):
        return False        # not a file of the system's, or none
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


# Reading

def read_text(name: str) -> tuple[str, bool]:
    """Return the text of a file, or of the standard input for ``-``.

    :returns: the text, and whether it came from a pipe
    :raises Failure: when it is not UTF-8
    """
    try:
        if name == '-':
            if sys.stdin is None:
                raise Failure('the standard input is closed')
            piped = is_piped(sys.stdin)
            stream = getattr(sys.stdin, 'buffer', None)
            text = (sys.stdin.read() if stream is None
                    else stream.read().decode('utf-8'))
        else:
            with open(name, encoding='utf-8') as file:
                piped = is_piped(file)
                text = file.read()
    except UnicodeDecodeError as e:
        raise Failure(f'{name}: not UTF-8 text (byte {e.start})') from e
    return text.removeprefix('\ufeff'), piped


def read_tree(name: str) -> Node:
    """Return the tree that a file, or the standard input, describes."""
    return tree_from(read_text(name)[0], name)


def tree_from(text: str, name: str) -> Node:
    """Return the tree that the text of a file describes."""
    return parse_tree(text, source=source_name(name), notice=tell_notice)


def source_name(name: str) -> str:
    """Return the name of a file for errors."""
    return '<stdin>' if name == '-' else name


# Writing

def write_lines(
    name: str | None, lines: Iterable[str], stopped: str = ''
) -> None:
    """Write lines to a file, whole or not at all, or print them.

    :param name: the file; None or ``-`` for the standard output
    :param stopped: a last line for a pipe or a device, when an error comes
        after some of the lines
    """
    if name is None or name == '-':
        _put(sys.stdout, lines, stopped)
        return
    try:
        mode = os.stat(name).st_mode
    except FileNotFoundError:
        umask = os.umask(0)
        os.umask(umask)
        mode = stat.S_IFREG | 0o666 & ~umask
    if not stat.S_ISREG(mode):      # a pipe or a terminal
        with open(name, 'w', encoding='utf-8') as file:
            _put(file, lines, stopped)
        return
    # A link stays one: what it leads to is replaced.
    name = os.path.realpath(name)
    directory = os.path.dirname(name)
    if not os.path.isdir(directory):
        raise FileNotFoundError(
            errno.ENOENT, os.strerror(errno.ENOENT), name)
    descriptor, temporary = tempfile.mkstemp(
        dir=directory, prefix=os.path.basename(name) + '.')
    try:
        with open(descriptor, 'w', encoding='utf-8') as file:
            file.writelines(line + '\n' for line in lines)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, stat.S_IMODE(mode))
        os.replace(temporary, name)
    except BaseException:
        os.unlink(temporary)
        raise


def _put(stream: TextIO, lines: Iterable[str], stopped: str) -> None:
    begun = False
    try:
        for line in lines:
            stream.write(line + '\n')
            begun = True
    except BrokenPipeError:
        raise
    except BaseException:
        if begun and stopped and not stream.isatty():
            with contextlib.suppress(OSError):
                stream.write(stopped + '\n')
        raise


def show(line: str) -> None:
    """Print a line that may hold anything."""
    print(printable(line))


def tell(heading: str, items: Sequence[str], more: int = 0) -> None:
    """Print a list on the standard error, if there is anything in it.

    :param more: how many items there are beside these
    """
    if not items:
        return
    lines = [heading, *('  ' + printable(item) for item in items[:SHOWN])]
    more += max(0, len(items) - SHOWN)
    if more:
        lines.append(f'  and {more} more')
    complain('\n'.join(lines))


def tell_notice(notice: TreeSyntaxError) -> None:
    """Print what is odd in a tree's text on the standard error."""
    complain(printable(str(notice)))


def print_json(items: Iterable[Any]) -> None:
    """Print each item as JSON on a line of its own.

    Infinite numbers and such, which Python reads in node data and JSON
    does not have, are printed as strings.
    """
    for item in items:
        try:
            text = json.dumps(item, allow_nan=False)
        except ValueError:
            text = json.dumps(json.loads(
                json.dumps(item), parse_constant=str))
        print(text)
