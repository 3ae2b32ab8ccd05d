"""A tree from its text.

Pure.  Takes time in proportion to the text's length: one regular expression
reads each usual line whole, and only a line that it does not know is looked
at part by part.  It must not know ZooKeeper or what a link leads to.
"""
from __future__ import annotations

import logging
from collections.abc import Callable
from collections.abc import Iterator
from typing import Any
from typing import TypeVar
from typing import overload

from .._printable import printable
from ..errors import TreeSyntaxError
from . import grammar
from .lines import LineFault
from .lines import read_node
from .lines import read_property
from .model import Node


logger = logging.getLogger(__name__)

N = TypeVar('N', bound=Node)
Report = Callable[[TreeSyntaxError], None]
#: Called with each node, a property's name or None, its line and column.
Locate = Callable[[Node, 'str | None', int, int], None]

#: How much text is matched at once, in characters: what fits the
#: processor's cache is half as quick again as a megabyte.
_CHUNK = 10_000
#: How much of a line an error shows, in characters.
_SHOWN = 200


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


class _Levels:
    """The nodes that are open, each with the indentation of what is in it.

    :ivar node: the innermost of them, which a line now belongs to
    :ivar indent: the blanks before what belongs to it; None at the start
    """

    def __init__(self, root: Any) -> None:
        self.node = root
        self.indent: str | None = None
        self._outer: list[tuple[str, Any]] = []
        self._blank = ''        # what the indentation is made of

    def move(self, blanks: str, last: Any, odd: bool) -> str:
        """Go where a line with another indentation belongs.

        :param blanks: what the line begins with
        :param last: the node of the line before, None if it was a property
        :param odd: whether anything may be among the blanks
        :returns: what is wrong, or the empty string
        """
        fault = ''
        if blanks and (odd or blanks[0] != self._blank):
            fault = self._odd_blanks(blanks)
        indent = self.indent
        if indent is None:
            pass
        elif len(blanks) > len(indent):
            if last is None:
                return fault or "can't indent under a property"
            self._outer.append((indent, self.node))
            self.node = last
        else:
            inner = None
            outer = self._outer
            while len(blanks) < len(indent) and outer:
                inner = self.node
                indent, self.node = outer.pop()
            if blanks != indent:
                fault = fault or ('bad indentation: no open node above is '
                                  'indented like this')
                if inner is not None:
                    outer.append((indent, self.node))
                    self.node = inner
        self.indent = blanks
        return fault

    def _odd_blanks(self, blanks: str) -> str:
        """Return what is wrong with the characters of an indentation."""
        if not self._blank:
            self._blank = blanks[0]
        if blanks.strip(self._blank) == '' and self._blank in ' \t':
            return ''
        if blanks.strip(' \t'):
            return 'indentation must be blanks'
        return 'tabs and blanks are mixed in the indentation'


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
        self._lines: list[str] | None = None

    def parse(self) -> Any:
        # Most of the time of an import goes here: what a usual line needs
        # stands in this loop, without a call.
        make, plain = Node.__new__, self.node_class is Node
        words = grammar.WORDS
        root = parent = self.node_class()
        levels = _Levels(root)
        children, properties = parent.children, parent.properties
        indent: str | None = None
        last: Any = None    # the node of the line before, if it was one
        number = 0
        for (blanks, name, type_, key, value, link, target,
             other) in self._matches():
            number += 1
            if name:
                pass
            elif value:
                if value[-1] in '\'"':
                    value = value[1 + (value[0] == 'u'):-1]
                elif value in words:
                    value = words[value]
                else:
                    value = float(value) if '.' in value else int(value)
            elif link:
                key, value = f'{key} {link}', target
            elif other:
                said = self._read(other, number)
                if said is None:
                    continue
                blanks, name, type_, key, value = said
            else:
                continue

            if blanks != indent:
                fault = levels.move(blanks, last, bool(other))
                if fault:
                    self._fail(fault, number, len(blanks) + 1)
                blanks = indent = levels.indent
                parent = levels.node
                children, properties = parent.children, parent.properties

            fault = ''
            if name:
                if plain:
                    # Its __init__ takes a third of the time of a line.
                    last = make(Node)
                    last.name = name
                    last.properties = {}
                    last.children = {}
                else:
                    last = self.node_class(name)
                if type_:
                    last.properties['type'] = type_
                if name in children:
                    fault = f'duplicate node {name!r}'
                else:
                    children[name] = last
            elif key is None:
                # Lines below a faulty node are read, for their own faults.
                last = self.node_class('?') if value == '/' else None
                continue
            else:
                last = None
                if parent is root:
                    fault = "can't import properties above imported nodes"
                elif key in properties:
                    fault = f'duplicate property {key!r}'
                else:
                    properties[key] = value
            if fault:
                self._fail(fault, number, len(blanks) + 1)
            elif self.locate is None:
                pass
            elif last is None:
                self.locate(parent, key, number, len(blanks) + 1)
            else:
                self.locate(last, None, number, len(blanks) + 1)
        return root

    def _read(
        self, text: str, number: int
    ) -> tuple[str, str, str, str | None, Any] | None:
        """Read a line that is not a usual one.

        :returns: blanks; a node's name and type, or a property's name and
            value; None for a line that says nothing.  The property's name
            is None, and its value the first character, where the line is
            at fault.
        """
        line = text.lstrip()
        blanks = text[:len(text) - len(line)]
        line = line.rstrip()
        if not line or line[0] == '#':
            return None
        try:
            if line[0] == '/':
                return blanks, *read_node(line), '', None
            name, value, odd = read_property(line)
        except LineFault as e:
            self._fail(e.message, number, len(blanks) + e.column)
            return blanks, '', '', None, line[0]
        if odd:
            self._tell(odd, number, len(blanks) + 1)
        return blanks, '', '', name, value

    def _matches(self) -> Iterator[tuple[Any, ...]]:
        text = self.text
        start, size = 0, len(text)
        while start < size:
            end = text.find('\n', min(start + _CHUNK, size - 1)) + 1
            yield from grammar.lines(text, start, end)
            start = end

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
