"""Watches on many nodes in one request.

It runs in its caller's thread; what touches kazoo's tables of watchers runs
in kazoo's connection thread, as a request is serialized.  It must not know
what the nodes are used for.
"""
from __future__ import annotations

from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Sequence
from typing import Any

from kazoo.exceptions import KazooException

from . import insides
from .batching import batched
from .loop import WatchFunction
from .recursive import armed_paths
from .recursive import set_recursive
from .requests import Bulk
from .wire import DATA
from .wire import REMOVE_WATCHES
from .wire import SET_WATCHES
from .wire import Request
from .wire import full_path
from .wire import pack_remove_watches
from .wire import pack_watches
from .wire import read_nothing


def set_watches(
    bulk: Bulk,
    zxid: int,
    function: WatchFunction,
    data: Iterable[str],
    missing: Iterable[str],
    children: Iterable[str],
    recursive: Collection[str] = (),
) -> None:
    """Leave watches on many nodes; what changed since `zxid` fires.

    :param bulk: the connection
    :param zxid: of a reply that came before the nodes were read
    :param function: called with each event, in kazoo's callback thread
    :param data: paths of nodes whose data are watched
    :param missing: paths at which no node was found
    :param children: paths of nodes whose children are watched
    :param recursive: paths of nodes that had a recursive watch, which is
        set again; it fires for nothing that changed since `zxid`
    :raises KazooException: when the connection failed, or the server has no
        recursive watches
    """
    items = [(0, path) for path in data]
    items += [(1, path) for path in missing]
    if recursive:
        set_recursive(bulk, zxid, function, items, recursive)
        items = [item for item in items if item[1] not in recursive]
    items += [(2, path) for path in children]
    around = bulk.chroot_size() + 4
    batches = batched(
        # UTF-8 at its longest
        items, lambda item: around + 4 * len(item[1]), bulk.batch_bytes)
    for result in [_send(bulk, zxid, function, batch)
                   for batch in list(batches) or [[]]]:
        bulk.wait(result)


def _send(
    bulk: Bulk,
    zxid: int,
    function: WatchFunction,
    batch: Sequence[tuple[int, str]],
) -> Any:
    client = bulk.client
    armed = armed_paths(bulk)
    full: tuple[list[bytes], list[bytes], list[bytes]] = ([], [], [])
    covered = []
    for which, path in batch:
        encoded = full_path(client.chroot, path)
        if armed and which < 2 and encoded.decode('utf-8') in armed:
            # It would end the recursive watch, which tells of it too.
            covered.append(encoded.decode('utf-8'))
        else:
            full[which].append(encoded)
    data, missing, children = (
        [path.decode('utf-8') for path in paths] for paths in full)

    def before() -> None:
        # In the connection thread, so that no event is read meanwhile;
        # before the request goes, since what changed fires at once.
        watchers = insides.data_watchers(client)
        for path in data + missing + covered:
            watchers[path].add(function)
        watchers = insides.child_watchers(client)
        for path in children:
            watchers[path].add(function)

    return bulk.send(Request(
        SET_WATCHES, pack_watches(zxid, full), read_nothing, before))


def remove_watches(
    bulk: Bulk, function: WatchFunction, wanted: Sequence[tuple[str, str]]
) -> None:
    """Take watches away, here and in the server.

    A watch that another function of the same client shares stays in the
    server.  Nothing is raised: a watch that is gone already is well.

    :param bulk: the connection
    :param wanted: pairs of DATA or CHILDREN and a path
    """
    client = bulk.client
    armed = armed_paths(bulk)
    pending = []
    for kind, path in wanted:
        encoded = full_path(client.chroot, path)
        key = encoded.decode('utf-8')
        table = (insides.data_watchers if kind == DATA
                 else insides.child_watchers)

        def before(key: str = key, table: Any = table) -> None:
            watchers = table(client)
            found = watchers.get(key)
            if found is not None:
                found.discard(function)
                if not found:
                    del watchers[key]

        if (set(table(client).get(key, ())) - {function}
                or (kind == DATA and key in armed)):
            before()
            continue
        pending.append(bulk.send(Request(
            REMOVE_WATCHES, pack_remove_watches(kind, encoded),
            read_nothing, before)))
    for result in pending:
        try:
            bulk.wait(result)
        except KazooException:
            pass    # no such watch, or no connection: both leave none
