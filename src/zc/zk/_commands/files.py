"""Files that a script reads, and the trees that they describe.

Runs in a script's main thread.  It must not know what a script is for.
"""
from __future__ import annotations

import sys

from .._tree.model import Node
from .._tree.parser import parse_tree
from .output import tell_notice
from .streams import Failure
from .streams import is_piped


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
