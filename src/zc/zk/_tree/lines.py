"""One line of a tree's text, read part by part.

Pure.  For the lines that are not usual ones, and for what is wrong with
them.  It must not know the lines around.
"""
from __future__ import annotations

from typing import Any
from typing import NamedTuple

from ..errors import PathError
from ..errors import TreeSyntaxError
from . import grammar
from . import paths
from .expressions import evaluate
from .model import LINK
from .model import PROPERTY_LINK


_EXPECTED = ("'/name', '/name : type', 'name = expression', "
             "'name -> path' or 'name => path property' is needed")


class LineFault(Exception):
    """A line that cannot be read.

    :param column: counted from the line's first character, at 1
    """

    def __init__(self, message: str, column: int) -> None:
        super().__init__(message)
        self.message = message
        self.column = column


class Property(NamedTuple):
    """A property or a link; `odd` is what to tell about how it is written.
    """

    name: str
    value: Any
    odd: str = ''


def read_node(line: str) -> tuple[str, str]:
    """Return the name and the type in a line that starts with ``/``.

    :param line: without blanks around it
    :raises LineFault: when it is no node
    """
    quoted = grammar.string(line, 1)
    if quoted:
        name = _unquote(quoted.group(), 1)
        found = grammar.type_after_quoted(line[quoted.end():])
        if not found:
            raise LineFault("': type' is needed after a node's name",
                            quoted.end() + 1)
    else:
        found = grammar.node(line)
        if not found:
            if line == '/':
                raise LineFault("a node's name is missing", 1)
            raise LineFault("a node's name is one word, or quoted, and only "
                            "': type' may follow", 1)
        name = found.group('name')
        if name[0] in '\'"':
            raise LineFault("a quote that is not closed in a node's name", 2)
    try:
        paths.check_name(name)
        if not name:
            raise PathError(name, 'it is empty')
    except PathError as e:
        raise LineFault(f'bad node name {name!r}: {e.reason}', 2) from None
    return name, found.group('type') or ''


def read_property(line: str) -> Property:
    """Return what a line that is no node's says.

    :param line: without blanks around it
    :raises LineFault: when it is neither a property nor a link
    """
    quoted = grammar.string(line)
    if quoted:
        name, end = _unquote(quoted.group(), 0), quoted.end()
    else:
        word = grammar.key(line)
        if not word:
            raise LineFault(f'a name is missing: {_EXPECTED}', 1)
        name, end = word.group(), word.end()
    found = grammar.operator(line, end)
    if not found:
        if '->' in line:
            raise LineFault("bad link: 'name -> path' is needed", end + 1)
        raise LineFault(f'unrecognized line: {_EXPECTED}', end + 1)
    operator, value, at = found.group(1), line[found.end():], found.end()
    if operator == '=':
        return Property(name, _evaluate(value, at))
    words = value.split()
    if operator == '->':
        if len(words) != 1:
            raise LineFault(
                "bad link: 'name -> path' is needed, with one path", at + 1)
        return Property(name + LINK, value)
    odd = ''
    if grammar.old_link(value):
        literal = value[1:].lstrip()
        at += len(value) - len(literal)
        value = _evaluate(literal, at)
        words = value.split()
        odd = (f'read as the property link {name} => {value}, which zc.zk '
               '2.1 exported like this')
    if not 1 <= len(words) <= 2:
        raise LineFault("bad property link: 'name => path' or 'name => path "
                        "property' is needed", at + 1)
    return Property(name + PROPERTY_LINK, value, odd)


def _evaluate(expression: str, at: int) -> Any:
    """Return the value of an expression that starts behind `at` characters.
    """
    try:
        return evaluate(expression)
    except TreeSyntaxError as e:
        raise LineFault(e.message, at + e.column) from None


def _unquote(literal: str, at: int) -> str:
    return str(_evaluate(literal, at))
