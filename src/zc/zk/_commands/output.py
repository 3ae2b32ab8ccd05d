"""What a script prints, and the files that it writes.

Runs in a script's main thread.  It must not know what a script is for.
"""
from __future__ import annotations

import contextlib
import os
import stat
import sys
from collections.abc import Iterable
from collections.abc import Sequence
from typing import Any
from typing import TextIO

from .._printable import printable
from ..errors import TreeSyntaxError


#: How many items of a list are shown on the standard error.
SHOWN = 20


# Files

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
        mode = stat.S_IFREG
    if not stat.S_ISREG(mode):      # a pipe or a terminal
        with open(name, 'w', encoding='utf-8') as file:
            _put(file, lines, stopped)
        return
    # Most calls write no file, and those that only help print no JSON.
    from .replacement import replacement

    with replacement(name) as (file, _):
        file.writelines(line + '\n' for line in lines)


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


# Lines

def complain(line: str) -> None:
    """Print a line on the standard error, if anyone can still read it."""
    with contextlib.suppress(OSError, ValueError):
        print(line, file=sys.stderr, flush=True)


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
    import json

    for item in items:
        try:
            text = json.dumps(item, allow_nan=False)
        except ValueError:
            text = json.dumps(json.loads(
                json.dumps(item), parse_constant=str))
        print(text)
