"""Every exception of zc.zk, and how each reads.

Knows no socket, thread or clock.
An exception keeps its parts as attributes; the text is made in ``__str__``.
Errors of the ZooKeeper server itself (``NoNodeError``, ``NodeExistsError``,
``NoAuthError`` ...) stay kazoo's, with the path as their argument.  Ours::

    CancelWatch                 raised by a callback that wants no more calls
    Error
      AddressError              (ValueError) not the address of a server
      BadPropertyLink           (ValueError) a property link without a value
      DataError                 (ValueError) node data in the wrong form
      FailedConnect             no session with ZooKeeper
      ForkedError               (RuntimeError) used in a child process
      ImportFailed              an import that stopped half way
      LinkLoop                  symbolic or property links in a circle
      NoProviders               no server of a service will do
      NoService                 (ValueError) a name that no tree has
      PathError                 (ValueError) not a node path
      PlanMoved                 a saved plan that does not fit any more
      PlanNotForHere            a saved plan for another ensemble
      PlanSyntaxError           (ValueError) text that is no saved plan
      TooLarge                  (ValueError) over the server's size limit
      TreeChanged               another client kept changing the tree
      TreeSyntaxError           (ValueError) text that is not a tree
      ValueNotStorable          (ValueError, TypeError) a value is not JSON
"""
from __future__ import annotations

from collections.abc import Sequence

from ._printable import printable


__all__ = [
    'AddressError',
    'BadPropertyLink',
    'CancelWatch',
    'DataError',
    'Error',
    'FailedConnect',
    'ForkedError',
    'ImportFailed',
    'LinkLoop',
    'NoProviders',
    'NoService',
    'PathError',
    'PlanMoved',
    'PlanNotForHere',
    'PlanSyntaxError',
    'TooLarge',
    'TreeChanged',
    'TreeSyntaxError',
    'ValueNotStorable',
]


class CancelWatch(Exception):
    """Raise this in a callback to end its calls; nothing is logged."""


class Error(Exception):
    """The base of all errors that zc.zk itself raises.

    Two errors of one class and with the same parts are equal: live objects
    hold errors, and must see whether one changed.
    """

    def __eq__(self, other: object) -> bool:
        return (isinstance(other, Error) and type(other) is type(self)
                and self.args == other.args)

    def __hash__(self) -> int:
        return hash((type(self), str(self)))


class AddressError(Error, ValueError):
    """A server address that is not HOST:PORT, or that no node can have.

    :ivar address: what was given
    :ivar reason: what is wrong with it
    """

    def __init__(self, address: object, reason: str) -> None:
        super().__init__(address, reason)
        self.address = address
        self.reason = reason

    def __str__(self) -> str:
        return f'bad server address {self.address!r}: {self.reason}'


class BadPropertyLink(Error, ValueError):
    """A property link (``name => /path prop``) that leads to no value.

    Raised when such a link is written, and when one that broke later is
    read.

    :ivar path: the path of the node that has the link
    :ivar name: the property's name, without the ``=>``
    :ivar target: the link's text
    :ivar reason: what is wrong with it
    """

    def __init__(
        self, path: str, name: str, target: object, reason: str
    ) -> None:
        super().__init__(path, name, target, reason)
        self.path = path
        self.name = name
        self.target = target
        self.reason = reason

    def __str__(self) -> str:
        return printable(f'bad property link at {self.path}: '
                         f'{self.name} => {self.target}: {self.reason}')


class DataError(Error, ValueError):
    """Node data that do not have the form that is needed.

    :ivar path: the node's path
    :ivar reason: what is wrong with its data
    """

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return f'data of {self.path}: {self.reason}'


class FailedConnect(Error):
    """There is no session with ZooKeeper.

    :ivar connection_string: the servers that were tried
    :ivar reason: the reason, if it is known
    """

    def __init__(self, connection_string: str, reason: str = '') -> None:
        super().__init__(connection_string, reason)
        self.connection_string = connection_string
        self.reason = reason

    def __str__(self) -> str:
        text = f"can't connect to ZooKeeper at {self.connection_string!r}"
        return f'{text}: {self.reason}' if self.reason else text


class ForkedError(Error, RuntimeError):
    """An object made before a fork was used in the child process.

    :ivar pid: the process that made the object
    """

    def __init__(self, pid: int) -> None:
        super().__init__(pid)
        self.pid = pid

    def __str__(self) -> str:
        return (f'this ZooKeeper object belongs to process {self.pid}: '
                'make a new one after a fork')


class ImportFailed(Error):
    """An import stopped after part of it had been applied.

    :ivar path: the path at which it stopped
    :ivar reason: why it stopped
    :ivar applied: the paths that had been written or deleted by then
    """

    def __init__(
        self, path: str, reason: str, applied: Sequence[str]
    ) -> None:
        super().__init__(path, reason, applied)
        self.path = path
        self.reason = reason
        self.applied = tuple(applied)

    def __str__(self) -> str:
        return (f'import stopped at {self.path}: {self.reason}; '
                + _applied(self.applied))


class LinkLoop(Error):
    """Symbolic or property links that lead in a circle.

    :ivar paths: the paths visited, the last of them a second time
    """

    def __init__(self, paths: Sequence[str]) -> None:
        super().__init__(paths)
        self.paths = tuple(paths)

    def __str__(self) -> str:
        return 'circular links: ' + printable(' -> '.join(self.paths))


class NoProviders(Error):
    """No server of a service can be chosen.

    :ivar path: of the service's node
    :ivar reason: why
    """

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return f'no provider at {printable(self.path)}: {self.reason}'


class NoService(Error, ValueError):
    """A service's name that neither a text nor the live tree has.

    :ivar name: what was given
    :ivar path: the node below which there is no such node
    :ivar similar: names that are there, and look alike
    """

    def __init__(
        self, name: str, path: str, similar: Sequence[str] = ()
    ) -> None:
        super().__init__(name, path, list(similar))
        self.name = name
        self.path = path
        self.similar = list(similar)

    def __str__(self) -> str:
        text = (f'neither the text nor the live tree has {self.name!r} '
                f'directly below {printable(self.path)}')
        if not self.similar:
            return text
        return f'{text}; similar names: {printable(", ".join(self.similar))}'


class PathError(Error, ValueError):
    """Something that is not the path of a node.

    :ivar path: what was given
    :ivar reason: what is wrong with it
    """

    def __init__(self, path: object, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return f'bad path {self.path!r}: {self.reason}'


class PlanMoved(Error):
    """A saved plan cannot be applied: nodes have changed since it was made.

    :ivar paths: the nodes
    :ivar applied: the paths that were written or deleted before; empty when
        nothing was done
    """

    def __init__(
        self, paths: Sequence[str], applied: Sequence[str] = ()
    ) -> None:
        super().__init__(list(paths), list(applied))
        self.paths = list(paths)
        self.applied = list(applied)

    def __str__(self) -> str:
        done = (f'after {len(self.applied)} nodes were written or deleted'
                if self.applied else 'nothing was done')
        return ('these nodes have changed since the plan was made: '
                f'{", ".join(self.paths)}; {done}')


class PlanNotForHere(Error):
    """A saved plan is for another ensemble, or another root in it."""


class PlanSyntaxError(Error, ValueError):
    """A text is no saved plan."""


class TooLarge(Error, ValueError):
    """Node data over the server's size limit (``jute.maxbuffer``).

    :ivar path: the node's path
    :ivar size: the size of its data, in bytes
    :ivar limit: the largest request, in bytes
    """

    def __init__(self, path: str, size: int, limit: int) -> None:
        super().__init__(path, size, limit)
        self.path = path
        self.size = size
        self.limit = limit

    def __str__(self) -> str:
        return (f'data of {self.path}: {self.size} bytes do not fit in a '
                f'request of {self.limit} bytes (jute.maxbuffer)')


class TreeChanged(Error):
    """Other clients changed a node each time it was about to be written.

    :ivar path: the node's path
    :ivar rounds: how often the change was planned and tried
    :ivar applied: the paths that had been written or deleted by then
    """

    def __init__(
        self, path: str, rounds: int, applied: Sequence[str] = ()
    ) -> None:
        super().__init__(path, rounds, tuple(applied))
        self.path = path
        self.rounds = rounds
        self.applied = tuple(applied)

    def __str__(self) -> str:
        return (f'{self.path} was changed by another client in each of '
                f'{self.rounds} rounds; their changes were not overwritten; '
                + _applied(self.applied))


def _applied(paths: Sequence[str]) -> str:
    if not paths:
        return 'nothing was written'
    shown = ', '.join(paths[:10])
    more = f' and {len(paths) - 10} more' if len(paths) > 10 else ''
    return f'already written: {shown}{more}'


class TreeSyntaxError(Error, ValueError):
    """Text that does not describe a tree.

    :ivar message: what is wrong
    :ivar line: the line's number, from 1
    :ivar column: the column's number, from 1
    :ivar text: the line
    :ivar source: the name of the file, or None
    """

    def __init__(
        self,
        message: str,
        line: int,
        column: int = 1,
        text: str = '',
        source: str | None = None,
    ) -> None:
        super().__init__(message, line, column, text, source)
        self.message = message
        self.line = line
        self.column = column
        self.text = text
        self.source = source

    def __str__(self) -> str:
        where = f'line {self.line}, column {self.column}'
        if self.source is not None:
            where = f'{self.source}:{self.line}:{self.column}'
        text = f'{where}: {self.message}'
        return f'{text}: {self.text.strip()!r}' if self.text else text


class ValueNotStorable(Error, ValueError, TypeError):
    """A property whose name or value JSON cannot hold.

    :ivar path: the node's path
    :ivar name: the property's name
    :ivar reason: what is wrong with it
    """

    def __init__(self, path: str, name: object, reason: str) -> None:
        super().__init__(path, name, reason)
        self.path = path
        self.name = name
        self.reason = reason

    def __str__(self) -> str:
        return f'property {self.name!r} of {self.path}: {self.reason}'
