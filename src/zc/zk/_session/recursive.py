"""Watches on a node and all below it, which ZooKeeper keeps: AddWatch.

They are for clients whose connection loop is ours; see `loop`.  It runs in
its caller's thread; what touches the loop's tables and kazoo's runs in
kazoo's connection thread, as a request is serialized.  It must not know what
the nodes are used for.
"""
from __future__ import annotations

from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Sequence

from kazoo.exceptions import KazooException
from kazoo.exceptions import MarshallingError
from kazoo.exceptions import UnimplementedError

from . import insides
from .batching import batched
from .loop import ConnectionLoop
from .loop import WatchFunction
from .requests import Bulk
from .wire import ADD_WATCH
from .wire import CHILDREN
from .wire import DATA
from .wire import REMOVE_WATCHES
from .wire import SET_WATCHES
from .wire import SET_WATCHES2
from .wire import Request
from .wire import full_path
from .wire import pack_add_watch
from .wire import pack_remove_watches
from .wire import pack_watches
from .wire import read_nothing


#: How servers say that they have no persistent watches: those before 3.6,
#: which disconnect as well, and those with ``WatchManagerOptimized``.
REFUSALS = (UnimplementedError, MarshallingError)


def add_recursive(bulk: Bulk, path: str, function: WatchFunction) -> None:
    """Watch a node and all below it, until `remove_recursive`.

    It tells of nodes that are made, deleted or given data.  After a
    reconnection, it must be set again, by `set_watches`.

    :param bulk: a connection that `can_recurse`
    :param function: called with each event, in kazoo's callback thread
    :raises KazooException: when the connection failed, or the server has no
        such watches (one of REFUSALS)
    """
    loop = _loop(bulk)
    zxid = bulk.current_zxid()
    encoded = full_path(bulk.client.chroot, path)
    key = encoded.decode('utf-8')

    def before() -> None:
        _note(loop, [key], function)

    try:
        bulk.wait(bulk.send(Request(
            ADD_WATCH, pack_add_watch(encoded), read_nothing, before)))
    except KazooException as e:
        _forget(loop, key, function)
        loop.armed.discard(key)
        if isinstance(e, MarshallingError):
            _restore(bulk, zxid, [key], (DATA,))
        raise
    _restore(bulk, zxid, [key], (CHILDREN,))


def remove_recursive(
    bulk: Bulk, path: str, function: WatchFunction, connected: bool
) -> None:
    """Take a recursive watch away, here and, if connected, in the server.

    Nothing is raised: a watch that is gone already is well.
    """
    loop = _loop(bulk)
    encoded = full_path(bulk.client.chroot, path)
    key = encoded.decode('utf-8')
    _forget(loop, key, function)
    if key in loop.recursive or not connected:
        return

    def before() -> None:
        loop.armed.discard(key)

    try:
        zxid = bulk.current_zxid()
        kinds = [DATA]
        if not insides.child_watchers(bulk.client).get(key):
            kinds.append(CHILDREN)
        for result in [
                bulk.send(Request(
                    REMOVE_WATCHES, pack_remove_watches(kind, encoded),
                    read_nothing, before)) for kind in kinds]:
            try:
                bulk.wait(result)
            except KazooException:
                pass    # no such watch, or no connection: both leave none
        _restore(bulk, zxid, [key], (DATA,))
    except KazooException:
        pass


def can_recurse(bulk: Bulk) -> bool:
    """Tell whether a client can have recursive watches: kazoo cannot."""
    return isinstance(insides.connection_of(bulk.client), ConnectionLoop)


def _loop(bulk: Bulk) -> ConnectionLoop:
    loop = insides.connection_of(bulk.client)
    assert isinstance(loop, ConnectionLoop)
    return loop


def armed_paths(bulk: Bulk) -> Collection[str]:
    """Return the full paths that have a recursive watch."""
    return _loop(bulk).armed if can_recurse(bulk) else ()


def _note(
    loop: ConnectionLoop, keys: Iterable[str], function: WatchFunction
) -> None:
    for key in keys:
        loop.armed.add(key)
        loop.recursive[key] = loop.recursive.get(
            key, frozenset()) | {function}


def _forget(loop: ConnectionLoop, key: str, function: WatchFunction) -> None:
    left = loop.recursive.pop(key, frozenset()) - {function}
    if left:
        loop.recursive[key] = left


def set_recursive(
    bulk: Bulk,
    zxid: int,
    function: WatchFunction,
    items: Sequence[tuple[int, str]],
    recursive: Collection[str],
) -> None:
    """Set recursive watches again, with those for the next change of the
    same nodes.
    """
    client = bulk.client
    loop = _loop(bulk)
    kinds = {path: which for which, path in items if path in recursive}
    around = bulk.chroot_size() + 4
    for batch in batched(
            recursive, lambda path: 2 * (around + 4 * len(path)),
            bulk.batch_bytes):
        vectors: list[list[bytes]] = [[], [], [], [], []]
        for path in batch:
            encoded = full_path(client.chroot, path)
            vectors[4].append(encoded)
            if path in kinds:
                vectors[kinds[path]].append(encoded)
        keys = [each.decode('utf-8') for each in vectors[4]]
        once = [each.decode('utf-8') for each in vectors[0] + vectors[1]]

        def before(keys: list[str] = keys, once: list[str] = once) -> None:
            watchers = insides.data_watchers(client)
            for path in once:
                watchers[path].add(function)
            _note(loop, keys, function)

        try:
            bulk.wait(bulk.send(Request(
                SET_WATCHES2, pack_watches(zxid, vectors), read_nothing,
                before)))
        except MarshallingError:
            loop.armed.difference_update(keys)
            _restore(bulk, zxid, keys, (DATA,))
            raise
        _restore(bulk, zxid, keys, (CHILDREN,))


def _restore(
    bulk: Bulk, zxid: int, keys: Iterable[str], kinds: Collection[str]
) -> None:
    """Have the server tell of the next change again.

    A server up to version 3.8 keeps one kind of watch for each path, the
    newest: this is for the watch functions that kazoo still has.

    :param keys: paths, the chroot included
    """
    vectors: list[list[bytes]] = [[], [], []]
    for key in keys:
        if DATA in kinds and insides.data_watchers(bulk.client).get(key):
            vectors[0].append(key.encode('utf-8'))
        if (CHILDREN in kinds
                and insides.child_watchers(bulk.client).get(key)):
            vectors[2].append(key.encode('utf-8'))
    if any(vectors):
        bulk.wait(bulk.send(Request(
            SET_WATCHES, pack_watches(zxid, vectors), read_nothing)))
