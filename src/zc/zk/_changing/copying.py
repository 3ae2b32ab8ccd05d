"""A node and all below it, copied or moved as it was read.

Runs in a script's main thread.  It must not know who asks for that.
"""
from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Iterator
from collections.abc import Sequence
from typing import NamedTuple

from kazoo.exceptions import BadVersionError
from kazoo.exceptions import KazooException
from kazoo.exceptions import NoAuthError
from kazoo.exceptions import NodeExistsError
from kazoo.exceptions import NoNodeError
from kazoo.exceptions import NotEmptyError
from kazoo.security import ACL

from .._commands.call import Call
from .._commands.options import Parser
from .._commands.options import checked_path
from .._commands.progress import Progress
from .._commands.streams import Failure
from .._looking.items import Branch
from .._session.requests import Bulk
from .._session.transactions import TransactionFailed
from .._session.wire import Create
from .._session.wire import Delete
from .._session.wire import Op
from .._transfer.present import answered
from .._tree import notes
from .._tree import paths
from ..client import ZooKeeper


class Copied(NamedTuple):
    """A node that is copied: where from, where to, and what it is."""

    source: str
    path: str
    data: bytes
    version: int
    acl: Sequence[ACL]


class Task(NamedTuple):
    """What is to be copied or moved, as it was read.

    :ivar source: the real path of the top node
    :ivar path: where that goes
    :ivar servers: the paths of ephemeral nodes, which are not in `nodes`
    """

    zk: ZooKeeper
    progress: Progress
    source: str
    path: str
    nodes: list[Copied]
    servers: list[str]


@contextlib.contextmanager
def task(
    call: Call, parser: Parser, options: argparse.Namespace, what: str
) -> Iterator[Task]:
    """Connect, and give what SOURCE and PATH of a command line mean.

    :param what: what its progress counts
    :raises Failure: when that cannot be copied or moved
    """
    if len(options.arguments) != 2:
        parser.error('a SOURCE and a PATH are needed')
    source, given = options.arguments
    checked_path(given)
    with call.connected(options) as zk, \
            Progress(sys.stderr, what) as progress:
        source = zk.resolve(checked_path(source))
        if source == '/':
            raise Failure('the root cannot be copied or moved')
        path = destination(zk, source, given)
        nodes, servers = read(zk, source, path)
        yield Task(zk, progress, source, path, nodes, servers)


def destination(zk: ZooKeeper, source: str, given: str) -> str:
    """Return the path of a copy; after ``/`` at its end, the name is added.

    :param source: the real path of what is copied
    :raises NoNodeError: when there is no node to hold it
    :raises Failure: when there is a node already, or it would be in itself
    """
    name = paths.split(source)[1]
    inside = given.endswith('/')
    path = paths.normal(given)
    if inside:
        path = paths.join(path, name)
    above, name = paths.split(path)
    if not name:
        raise Failure('the root cannot be replaced')
    path = paths.join(zk.resolve(above), name)
    if paths.is_under(path, source) or path == source:
        raise Failure(f'{path} is {source} itself, or below it')
    if zk.exists(path):
        raise Failure(f'there is a node {path} already; to copy into it, '
                      f'write {path}/')
    return path


def read(zk: ZooKeeper, source: str, path: str) -> tuple[
        list[Copied], list[str]]:
    """Return what is to be copied, and the ephemeral nodes that are not.

    :raises NoAuthError: when a node may not be read
    """
    branch = Branch(zk, source)
    found = list(branch)
    items = [item for item in found if not item.ephemeral]
    servers = [item for item in found if item.ephemeral]
    if branch.unreadable:
        raise Failure(f'{branch.unreadable[0]} may not be read')
    acls = [answered(item.path, answer) for item, answer in zip(
        items, Bulk(zk.client).acls([item.path for item in items]),
        strict=True)]
    return [
        Copied(item.path, path + item.path[len(source):], item.data,
               item.stat.version, acl[0])
        for item, acl in zip(items, acls, strict=True) if acl is not None
    ], [item.path for item in servers]


def copy(
    zk: ZooKeeper, nodes: Sequence[Copied], away: bool, progress: Progress
) -> None:
    """Create nodes, and delete those that they were copied from if `away`.

    In one transaction if that is possible; else deletions wait for all else.

    :raises Failure: when others changed the nodes meanwhile
    """
    bulk = Bulk(zk.client)
    creates: list[Op] = [
        Create(node.path, node.data, node.acl) for node in nodes]
    deletes: list[Op] = [
        Delete(node.source, node.version)
        for node in reversed(nodes)] if away else []
    batches = list(bulk.batches(creates + deletes))
    if len(batches) > 1:
        batches = [*bulk.batches(creates), *bulk.batches(deletes)]
    done = 0
    for batch in batches:
        try:
            bulk.commit(batch)
        except TransactionFailed as e:
            raise Failure(_reason(e) + '; ' + _state(done)) from e
        except KazooException as e:
            if not done:
                raise
            raise Failure(f'{type(e).__name__}; {_state(done)}') from e
        except KeyboardInterrupt:
            # Whether this batch was applied is not known.
            raise KeyboardInterrupt(notes.interrupted(done)) from None
        done += len(batch)
        progress(done, len(creates) + len(deletes))
    zk.settle()


def _reason(failed: TransactionFailed) -> str:
    error, path = failed.error, failed.op.path
    if isinstance(error, NodeExistsError):
        return f'there is a node {path} now'
    if isinstance(error, (BadVersionError, NoNodeError, NotEmptyError)):
        return f'{path} was changed by another client meanwhile'
    if isinstance(error, NoAuthError):
        return f'no permission to write or delete {path}'
    return f'{type(error).__name__} at {path}'


def _state(done: int) -> str:
    return (f'{notes.nodes(done)} had been written or deleted'
            if done else 'nothing was done')
