"""Live trees as text, one node after the other.

Runs in its caller's thread, as lines are taken from what it returns.  It
must not know how nodes are read ahead.
"""
from __future__ import annotations

import json
from collections.abc import Callable
from collections.abc import Iterator
from typing import Any

from kazoo.exceptions import NoNodeError

from .._printable import printable
from .._session.requests import Bulk
from .._tree import paths
from .._tree.values import decode
from .._tree.values import encode
from .._tree.writer import node_text
from ..errors import DataError
from ..errors import PathError
from ..errors import ValueNotStorable
from .reader import Reader


#: Called with a path and why its node is left out.
Report = Callable[[str, str], None]

#: Why text cannot describe a node.
NO_TEXT = (DataError, PathError, ValueNotStorable)
BELOW = 'it is below a node that is left out'


def export_lines(
    bulk: Bulk,
    path: str,
    ephemeral: bool,
    name: str | None,
    report: Report | None = None,
) -> Iterator[str]:
    """Yield the text that describes a node and all below it, by nodes.

    Each piece is the lines of one node, without the last line end.

    The reserved node ``/zookeeper`` is left out, and so are the properties
    of the root.  Memory does not grow with the length of the text.

    :param bulk: the connection
    :param ephemeral: whether to include ephemeral nodes
    :param name: for the top node, instead of its own
    :param report: called for each node that text cannot describe and for
        each node below one; both are comments then.  Without it, such a
        node is an error.
    :raises NoNodeError: when there is no node at `path`
    :raises NoAuthError: when a node, which it names, may not be read
    :raises DataError: when data are not UTF-8
    :raises ValueNotStorable: when text cannot express a node's data
    """
    reader = Reader(bulk, path, fresh=False, data=True,
                    reserved=False)
    top = path
    outer = 0       # how many levels do not show in the text
    indents = ['']
    hidden = -1     # the depth of the node that is left out, with all below
    for path, data, stat, _ in reader:
        depth = reader.depth - outer
        if path == top:
            if path == '/':
                if name is None:
                    outer = 1
                else:
                    yield node_text(name, {}, '', path)
                continue
            own = name if name is not None else paths.split(path)[1]
        else:
            own = path[path.rindex('/') + 1:]
        if stat.ephemeralOwner and not ephemeral:
            continue
        while depth >= len(indents):
            indents.append(indents[-1] + '  ')
        indent = indents[depth]
        if 0 <= hidden < depth:
            assert report is not None
            report(path, BELOW)
            indent = f'{indents[hidden]}# {indents[depth - hidden]}'
        else:
            hidden = -1
        try:
            yield node_text(own, decode(data, path), indent, path)
        except NO_TEXT as e:
            if report is None:
                raise
            if hidden < 0:
                hidden = depth
                indent += '# '
                report(path, why_no_text(e))
            yield f'{indent}/{printable(own)}: {no_text(data, e)}'
    if reader.missing_top:
        raise NoNodeError(top)


def why_no_text(error: Exception) -> str:
    """Return why text cannot describe a node, without the node's path."""
    reason = printable(getattr(error, 'reason', error))
    if isinstance(error, ValueNotStorable):
        return f'property {error.name!r}: {reason}'
    return reason


def no_text(data: bytes | None, error: Exception) -> str:
    """Return what to show instead of a node's data."""
    size = len(data or b'')
    return f'{size} byte{"s" * (size != 1)}, {why_no_text(error)}'


def export_json(
    bulk: Bulk, path: str, ephemeral: bool, report: Report
) -> Iterator[str]:
    """Yield a JSON object, as one line, for a node and all below it.

    :param bulk: the connection
    :param ephemeral: whether to include ephemeral nodes
    :param report: called for each node whose data JSON cannot express; in
        its object, "properties" is null and "error" says why
    :raises KazooException: as `export_lines` does
    """
    reader = Reader(bulk, path, fresh=False, data=True,
                    reserved=False)
    for here, data, stat, _ in reader:
        if stat.ephemeralOwner and not ephemeral:
            continue
        shown: dict[str, Any] = {'path': here, 'properties': None}
        try:
            properties = decode(data, here)
            encode(properties, here)    # JSON has no NaN, which Python reads
        except NO_TEXT as e:
            reason = why_no_text(e)
            report(here, reason)
            shown.update(error=reason, size=len(data or b''))
        else:
            shown['properties'] = properties
        shown['ephemeral'] = bool(stat.ephemeralOwner)
        yield json.dumps(shown)
    if reader.missing_top:
        raise NoNodeError(path)
