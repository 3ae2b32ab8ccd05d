"""A tree from its text.

Pure.  docs/tree-format.rst describes the text.  Takes time in proportion to
the text's length: one regular expression reads each usual line whole, and
only a line that it does not know is looked at part by part.  It must not
know ZooKeeper or what a link leads to.
"""
from __future__ import annotations

import logging
import re
from collections.abc import Callable
from collections.abc import Iterator
from typing import Any
from typing import TypeVar
from typing import overload

from .._printable import printable
from ..errors import PathError
from ..errors import TreeSyntaxError
from . import paths
from .expressions import evaluate
from .model import LINK
from .model import PROPERTY_LINK
from .model import Node


logger = logging.getLogger(__name__)

N = TypeVar('N', bound=Node)
Report = Callable[[TreeSyntaxError], None]
#: Called with each node, a property's name or None, its line and column.
Locate = Callable[[Node, 'str | None', int, int], None]

# One match a line.  What it does not match goes to the last group.
_LINES = re.compile(r'''
    ([ ]*|\t*)
    (?:
      /(?!\.\.?[\s])([A-Za-z0-9_.:~@+-]+)
      (?:[ ]:[ ](\S(?:[^\n]*\S)?))?
    |
      ([A-Za-z0-9_.]+(?:-[A-Za-z0-9_.]+)*)[ ]*
      (?:
        =[ ]*
        (?:
          (-?(?:0|[1-9][0-9]{0,17}))
        | (-?(?:0|[1-9][0-9]{0,17})\.[0-9]{1,18}(?:e[+-]?[0-9]{1,2})?)
        | (u?'[^'\\\r\n\0]*'|u?"[^"\\\r\n\0]*")
        | (True|False|None)
        )
      |
        ([=-]>)[ ]*([^\s\0]+)
      )
    )
    [ \r]*\n
    |
    ([^\n]*)\n
''', re.VERBOSE).findall
_WORDS = {'True': True, 'False': False, 'None': None}
#: How much text is matched at once, in characters: what fits the
#: processor's cache is half as quick again as a megabyte.
_CHUNK = 10_000
#: How much of a line an error shows, in characters.
_SHOWN = 200

_NODE = re.compile(r'/(?P<name>\S+)(?:\s*:\s*(?P<type>\S.*))?', re.S).fullmatch
_TYPE_AFTER_QUOTED = re.compile(r'(?:\s*:\s*(?P<type>\S.*))?', re.S).fullmatch
_STRING = re.compile(
    r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\"""", re.S).match
_NAME = re.compile(r'(?:(?!->)[^\s=])+').match
_OPERATOR = re.compile(r'\s*(=>|->|=)\s*').match
#: A property link in an export of zc.zk 2.1, which took it for a property.
_OLD_LINK = re.compile(
    r'''=\s+u?(?:'[^'\\]*(?:\\.[^'\\]*)*'|"[^"\\]*(?:\\.[^"\\]*)*")''',
    re.S).fullmatch
_EXPECTED = ("'/name', '/name : type', 'name = expression', "
             "'name -> path' or 'name => path property' is needed")


@overload
def parse_tree(
    text: str,
    *,
    source: str | None = None,
    report: Report | None = None,
    notice: Report | None = None,
    locate: Locate | None = None,
) -> Node: ...


@overload
def parse_tree(
    text: str,
    node_class: type[N],
    source: str | None = None,
    *,
    report: Report | None = None,
    notice: Report | None = None,
    locate: Locate | None = None,
) -> N: ...


def parse_tree(
    text: str,
    node_class: type[Any] = Node,
    source: str | None = None,
    *,
    report: Report | None = None,
    notice: Report | None = None,
    locate: Locate | None = None,
) -> Any:
    """Return the root of the tree that `text` describes.

    :param node_class: makes the nodes: called without arguments for the
        root, and with a name for each other node
    :param source: the name of the file, for errors
    :param report: called with each error; the lines at fault are left out
        and parsing goes on
    :param notice: called with each warning; by default, it is logged
    :param locate: called with each node (and None) and each property (its
        node and name), and the line and column where it stands
    :raises TreeSyntaxError: at the first error, when there is no `report`
    """
    return _Parser(text, node_class, source, report, notice, locate).parse()


class _Fault(Exception):
    """A line that cannot be read."""

    def __init__(self, message: str, column: int) -> None:
        super().__init__(message)
        self.message = message
        self.column = column


class _Parser:

    def __init__(
        self,
        text: str,
        node_class: type[Any],
        source: str | None,
        report: Report | None,
        notice: Report | None,
        locate: Locate | None,
    ) -> None:
        self.text = text if text.endswith('\n') else text + '\n'
        self.node_class = node_class
        self.source = source
        self.report = report
        self.notice = notice
        self.locate = locate
        self.blank = ''         # what the indentation is made of
        self._lines: list[str] | None = None

    def parse(self) -> Any:
        node_class = self.node_class
        locate = self.locate
        make = Node.__new__
        root = parent = node_class()
        children, properties = parent.children, parent.properties
        outer: list[tuple[str, Any]] = []   # the levels around this one
        indent: str | None = None           # of this level
        last: Any = None    # the node of the line before, if it was one
        number = 0
        for (blanks, name, type_, key, integer, real, string, word,
             operator, value, other) in self._matches():
            number += 1
            faulty = False
            if name:
                pass
            elif key:
                if integer:
                    value = int(integer)
                elif string:
                    value = string[1 + (string[0] == 'u'):-1]
                elif operator:
                    key = f'{key} {operator}'
                elif real:
                    value = float(real)
                else:
                    value = _WORDS[word]
            elif other:
                line = other.lstrip()
                blanks = other[:len(other) - len(line)]
                line = line.rstrip()
                if not line or line[0] == '#':
                    continue
                try:
                    if line[0] == '/':
                        name, type_ = _read_node(line)
                    else:
                        key, value, odd = _read_property(line)
                        if odd:
                            self._tell(odd, number, len(blanks) + 1)
                except _Fault as e:
                    faulty = True
                    self._fail(e.message, number, len(blanks) + e.column)
            else:
                continue

            if blanks != indent:
                fault = ''
                if blanks and (other or blanks[0] != self.blank):
                    fault = self._odd_blanks(blanks)
                column = len(blanks) + 1
                if indent is None:
                    pass
                elif len(blanks) > len(indent):
                    if last is None:
                        fault = fault or "can't indent under a property"
                        blanks = indent
                    else:
                        outer.append((indent, parent))
                        parent = last
                else:
                    inner = None
                    while len(blanks) < len(indent) and outer:
                        inner = parent
                        indent, parent = outer.pop()
                    if blanks != indent:
                        fault = fault or ('bad indentation: no open node '
                                          'above is indented like this')
                        if inner is not None:
                            outer.append((indent, parent))
                            parent = inner
                children, properties = parent.children, parent.properties
                indent = blanks
                if fault:
                    self._fail(fault, number, column)

            if faulty:
                # Lines below a faulty node are read, for their own faults.
                last = node_class('?') if other.strip()[0] == '/' else None
            elif name:
                if node_class is Node:
                    # Its __init__ takes a third of the time of a line.
                    last = make(Node)
                    last.name = name
                    last.properties = {}
                    last.children = {}
                else:
                    last = node_class(name)
                if type_:
                    last.properties['type'] = type_
                if name in children:
                    self._fail(f'duplicate node {name!r}', number,
                               len(blanks) + 1)
                else:
                    children[name] = last
                    if locate is not None:
                        locate(last, None, number, len(blanks) + 1)
            else:
                last = None
                if parent is root:
                    self._fail("can't import properties above imported "
                               'nodes', number, len(blanks) + 1)
                elif key in properties:
                    self._fail(f'duplicate property {key!r}', number,
                               len(blanks) + 1)
                else:
                    properties[key] = value
                    if locate is not None:
                        locate(parent, key, number, len(blanks) + 1)
        return root

    def _matches(self) -> Iterator[tuple[Any, ...]]:
        text = self.text
        start, size = 0, len(text)
        while start < size:
            end = text.find('\n', min(start + _CHUNK, size - 1)) + 1
            yield from _LINES(text, start, end)
            start = end

    def _odd_blanks(self, blanks: str) -> str:
        """Return what is wrong with the characters of an indentation."""
        if not self.blank:
            self.blank = blanks[0]
        if blanks.strip(self.blank) == '' and self.blank in ' \t':
            return ''
        if blanks.strip(' \t'):
            return 'indentation must be blanks'
        return 'tabs and blanks are mixed in the indentation'

    def _fail(self, message: str, number: int, column: int) -> None:
        error = self._error(message, number, column)
        if self.report is None:
            raise error
        self.report(error)

    def _tell(self, message: str, number: int, column: int) -> None:
        found = self._error(message, number, column)
        if self.notice is None:
            logger.warning('%s', printable(str(found)))
        else:
            self.notice(found)

    def _error(
        self, message: str, number: int, column: int
    ) -> TreeSyntaxError:
        if self._lines is None:
            self._lines = self.text.split('\n')
        line = self._lines[number - 1]
        if len(line) > _SHOWN:
            line = line[:_SHOWN] + '...'
        return TreeSyntaxError(message, number, column, line, self.source)


# Columns in these count from the line's first character, at 0.

def _read_node(line: str) -> tuple[str, str]:
    """Return the name and the type in a line that starts with ``/``."""
    quoted = _STRING(line, 1)
    if quoted:
        name = _unquote(quoted.group(), 1)
        rest = line[quoted.end():]
        found = _TYPE_AFTER_QUOTED(rest)
        if not found:
            raise _Fault("': type' is needed after a node's name",
                         quoted.end() + 1)
    else:
        found = _NODE(line)
        if not found:
            if line == '/':
                raise _Fault("a node's name is missing", 1)
            raise _Fault("a node's name is one word, or quoted, and only "
                         "': type' may follow", 1)
        name = found.group('name')
        if name[0] in '\'"':
            raise _Fault("a quote that is not closed in a node's name", 2)
    try:
        paths.check_name(name)
        if not name:
            raise PathError(name, 'it is empty')
    except PathError as e:
        raise _Fault(f'bad node name {name!r}: {e.reason}', 2) from None
    return name, found.group('type') or ''


def _read_property(line: str) -> tuple[str, Any, str]:
    """Return the name and the value of a property or a link in a line, and
    what is odd about it.
    """
    quoted = _STRING(line)
    if quoted:
        name, end = _unquote(quoted.group(), 0), quoted.end()
    else:
        word = _NAME(line)
        if not word:
            raise _Fault(f'a name is missing: {_EXPECTED}', 1)
        name, end = word.group(), word.end()
    found = _OPERATOR(line, end)
    if not found:
        if '->' in line:
            raise _Fault("bad link: 'name -> path' is needed", end + 1)
        raise _Fault(f'unrecognized line: {_EXPECTED}', end + 1)
    operator, value, at = found.group(1), line[found.end():], found.end()
    if operator == '=':
        try:
            return name, evaluate(value), ''
        except TreeSyntaxError as e:
            raise _Fault(e.message, at + e.column) from None
    words = value.split()
    if operator == '->':
        if len(words) != 1:
            raise _Fault("bad link: 'name -> path' is needed, with one path",
                         at + 1)
        return name + LINK, value, ''
    odd = ''
    if _OLD_LINK(value):
        literal = value[1:].lstrip()
        at += len(value) - len(literal)
        try:
            value = evaluate(literal)
        except TreeSyntaxError as e:
            raise _Fault(e.message, at + e.column) from None
        words = value.split()
        odd = (f'read as the property link {name} => {value}, which zc.zk '
               '2.1 exported like this')
    if not 1 <= len(words) <= 2:
        raise _Fault("bad property link: 'name => path' or 'name => path "
                     "property' is needed", at + 1)
    return name + PROPERTY_LINK, value, odd


def _unquote(literal: str, at: int) -> str:
    try:
        value = evaluate(literal)
    except TreeSyntaxError as e:
        raise _Fault(e.message, at + e.column) from None
    return str(value)
