"""Text from others, made safe for logs and terminals.

Pure.  It must not know where the text comes from.
"""
from __future__ import annotations


def printable(text: object) -> str:
    """Return text in which what others wrote forges no line of a log.

    Control characters, and whatever else a terminal might obey, are escaped
    as in a Python string.
    """
    shown = str(text)
    if shown.isprintable():
        return shown
    return ''.join(
        each if each.isprintable() else repr(each)[1:-1] for each in shown)
