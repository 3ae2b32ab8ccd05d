"""Single nodes: kazoo's methods with text, checked paths and named errors.

Runs in its caller's thread, and waits for ZooKeeper.  It must not know
watches or registrations.
"""
from __future__ import annotations

import time
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any
from typing import Protocol

from kazoo.client import KazooClient
from kazoo.exceptions import BadVersionError
from kazoo.exceptions import KazooException
from kazoo.exceptions import NodeExistsError
from kazoo.exceptions import NoNodeError
from kazoo.protocol.states import WatchedEvent
from kazoo.protocol.states import ZnodeStat
from kazoo.security import ACL

from .._tree import links as _links
from .._tree import paths as _paths
from .._tree.links import Found
from .._tree.model import LINK
from .._tree.model import PROPERTY_LINK
from .._tree.values import decode
from .._tree.values import encode
from .._tree.values import to_bytes
from .._worker.backoff import Backoff
from ..errors import BadPropertyLink
from ..errors import PathError
from .chroot import Chroot
from .requests import Bulk
from .wire import Create
from .wire import SetData


#: How long to wait, in seconds, before an update that another writer beat is
#: tried again: up to the first, then up to twice as long each time.
FIRST_UPDATE_DELAY = 0.01
LONGEST_UPDATE_DELAY = 0.5


def acl_list(acl: Sequence[ACL]) -> list[ACL]:
    """Return an access control list as a list.

    :raises TypeError: when it is something else, as a single ACL is
    """
    if isinstance(acl, ACL) or not isinstance(acl, (list, tuple)) or not all(
            isinstance(each, ACL) for each in acl):
        raise TypeError(
            f'acl: a list of kazoo.security.ACL is needed, not {acl!r:.200}')
    return list(acl)


class Copies(Protocol):
    """Who keeps copies of what nodes hold."""

    def wrote(self, path: str, data: bytes, stat: ZnodeStat) -> None:
        """Take note of data that were written."""

    def changed(self, path: str, above: bool) -> None:
        """Take note of a node that was created or deleted.

        :param above: whether nodes above it may have been created too
        """


class Nodes:
    """Access to single nodes.

    One noun: the operations of ZooKeeper on a node, most of them a few lines.

    :param bulk: the connection
    :param chroot: tells of a chroot that does not exist
    :param copies: is told of what was written
    :ivar client: the kazoo client
    """

    def __init__(self, bulk: Bulk, chroot: Chroot, copies: Copies) -> None:
        self.client: KazooClient = bulk.client
        self._bulk = bulk
        self._chroot = chroot
        self._copies = copies

    def is_ephemeral(self, path: str) -> bool:
        """Tell whether a node is ephemeral.

        :raises NoNodeError: when there is no such node
        """
        path = self.normal(path)
        stat = self.exists(path)
        if stat is None:
            raise NoNodeError(path)
        return bool(stat.ephemeralOwner)

    def create_recursive(
        self,
        path: str,
        data: str | bytes,
        acl: Sequence[ACL] | None = None,
    ) -> None:
        """Create a node, and the missing nodes above it.

        If the node exists, its data are replaced.
        """
        path = self.normal(path)
        missing = []
        above = path
        while above != '/' and self.exists(above) is None:
            missing.append(above)
            above = _paths.split(above)[0]
        for each in reversed(missing):
            try:
                self.create(each, data if each == path else b'{}', acl)
            except NodeExistsError:
                missing = []        # another client is at it too
        if path not in missing:
            self.set(path, data)

    def exists(
        self,
        path: str,
        watch: Callable[[WatchedEvent], None] | None = None,
    ) -> ZnodeStat | None:
        """Return the stat of a node, or None; see kazoo's ``exists``."""
        return self._do(self.client.exists_async, path, watch)

    def get(
        self,
        path: str,
        watch: Callable[[WatchedEvent], None] | None = None,
    ) -> tuple[bytes, ZnodeStat]:
        """Return data and stat of a node; see kazoo's ``get``."""
        data, stat = self._do(self.client.get_async, path, watch)
        return data or b'', stat

    def get_children(
        self,
        path: str,
        watch: Callable[[WatchedEvent], None] | None = None,
        include_data: bool = False,
    ) -> Any:
        """Return the names of a node's children, once.

        :returns: a list; with `include_data`, a pair of list and stat
        """
        return self._do(
            self.client.get_children_async, path, watch, include_data)

    def create(
        self,
        path: str,
        value: str | bytes | None = b'',
        acl: Sequence[ACL] | None = None,
        ephemeral: bool = False,
        sequence: bool = False,
        makepath: bool = False,
        include_data: bool = False,
    ) -> Any:
        """Create a node; see kazoo's ``create``.

        :param path: when it ends in ``/``, with `sequence`, the number is
            the whole name
        :param value: text is sent as UTF-8; None is no data
        :raises TooLarge: when the data are over the server's limit
        :returns: the path; with `include_data`, a pair of path and stat
        """
        number_only = sequence and path.endswith('/')
        path = self.normal(path)
        if number_only and path != '/':
            path += '/'
        data = to_bytes(b'' if value is None else value, path)
        acl = acl_list(acl) if acl else None
        self._bulk.check_size(Create(path, data, acl or ()))
        result = self._ask(
            self.client.create_async, path, data, acl, ephemeral, sequence,
            makepath, include_data)
        self._copies.changed(
            result[0] if include_data else result, makepath)
        return result

    def set(
        self,
        path: str,
        value: str | bytes | None = None,
        version: int = -1,
        *,
        data: str | bytes | None = None,
    ) -> ZnodeStat:
        """Replace a node's data; see kazoo's ``set``.

        :param value: text is sent as UTF-8
        :param version: that the data must be at, -1 for any
        :param data: what zc.zk 2.1 called `value`
        :raises BadVersionError: when they are at another
        :raises TooLarge: when the data are over the server's limit
        """
        path = self.normal(path)
        data = to_bytes(data if value is None else value, path)
        self._bulk.check_size(SetData(path, data, version))
        stat: ZnodeStat = self._do(
            self.client.set_async, path, data, version)
        self._copies.wrote(path, data, stat)
        return stat

    def delete(self, path: str, version: int = -1) -> Any:
        """Delete a node that has no children; see kazoo's ``delete``."""
        result = self._do(self.client.delete_async, path, version)
        self._copies.changed(self.normal(path), False)
        return result

    def get_properties(self, path: str) -> dict[str, Any]:
        """Return a node's properties, read once; links are not followed.

        :raises NoNodeError: when there is no such node
        :raises DataError: when its data are not text
        """
        path = self.normal(path)
        return decode(self.get(path)[0], path)

    def resolve(self, path: str) -> str:
        """Return the path of the real node that `path` leads to.

        :raises NoNodeError: when it leads to no node
        :raises LinkLoop: when links lead in a circle
        """
        with self._chroot:
            return _links.resolve(self.lookup, self.normal(path))

    def ln(self, target: str, source: str) -> None:
        """Make a symbolic link.

        :param target: the path that the link leads to; after a ``/`` at
            its end, the link's name is added
        :param source: the path of the link; after a ``/`` at its end, the
            target's name is added
        :raises NoNodeError: when the node that would hold the link is missing
        """
        if source.endswith('/'):
            name = target.rpartition('/')[2]
            if name in ('', '.', '..'):
                raise PathError(target, 'it has no name for the link')
            source += name
        base, name = _paths.split(self.normal(source))
        if target.endswith('/'):
            target += name
        if not name:
            raise PathError(source, 'the root cannot be a link')
        if not target.strip():
            raise PathError(target, 'a link needs a target path')
        if target.split() != [target]:
            # The tree format has no way to write it.
            raise PathError(target, "a link's path must not hold blanks")
        self.change(base, {name + LINK: target})

    # For the rooms above

    def normal(self, path: str) -> str:
        """Return the normal form of a path that a user gave."""
        self._bulk.check_process()
        return _paths.normal(path)

    def _do(self, ask: Callable[..., Any], path: str, *args: Any) -> Any:
        """Make one request of kazoo; its errors get to name the path."""
        return self._ask(ask, self.normal(path), *args)

    def _ask(self, ask: Callable[..., Any], path: str, *args: Any) -> Any:
        with self._chroot:
            try:
                return self._bulk.wait(ask(path, *args))
            except KazooException as e:
                if e.args:
                    raise
                raise _paths.named(e, path) from e

    def lookup(self, paths: Sequence[str]) -> list[Found]:
        """What links are followed with, outside of the watch engine."""
        return [
            (None if isinstance(each, NoNodeError) else each)
            if isinstance(each, Exception) else each[0]
            for each in self._bulk.data(paths)]

    def check_links(
        self, path: str, data: bytes, written: Iterable[str]
    ) -> None:
        """Refuse property links that would lead to no value.

        :param path: the real path of the node that is to hold `data`
        :param written: the names of the properties that are new in `data`
        :raises BadPropertyLink: when one of them is such a link
        """
        links = [name for name in written
                 if name.endswith(PROPERTY_LINK)]
        if not links:
            return

        def lookup(paths: Sequence[str]) -> list[Found]:
            # Links may lead to what is about to be written.
            return [data if each == path else found for each, found
                    in zip(paths, self.lookup(paths), strict=True)]

        for value in _links.linked_values(
                lookup, path, decode(data, path), links).values():
            if isinstance(value, BadPropertyLink):
                raise value

    def change(
        self,
        path: str,
        changes: Mapping[str, Any],
        remove: Iterable[str] = (),
    ) -> tuple[bytes, ZnodeStat]:
        """Change some properties of a node; others' changes are kept.

        :param remove: the names of properties that are to go
        :returns: what it holds then
        :raises KeyError: when a property that is to go is missing
        :raises BadPropertyLink: when a link among `changes` has no value
        """
        def change(properties: dict[str, Any]) -> None:
            properties.update(changes)
            for name in remove:
                if name not in properties:
                    raise KeyError(_missing(name, properties))
                del properties[name]

        return self.rewrite(path, change, changes)

    def rewrite(
        self,
        path: str,
        change: Callable[[dict[str, Any]], None],
        written: Iterable[str] = (),
    ) -> tuple[bytes, ZnodeStat]:
        """Change the properties of a node; others' changes are kept.

        :param change: changes the properties in place; it is called again
            when others have written to the node meanwhile
        :param written: the names of properties whose links are checked
        :returns: what it holds then
        """
        # Read even when it is known: a node that was deleted and made anew
        # has the versions of the first one again.
        data, stat = self.get(path)
        delays = Backoff(
            FIRST_UPDATE_DELAY, LONGEST_UPDATE_DELAY, least=0.0)
        while True:
            properties = decode(data, path)
            change(properties)
            merged = encode(properties, path)
            self.check_links(path, merged, written)
            try:
                return merged, self.set(path, merged, stat.version)
            except BadVersionError:
                # Among many writers, each try of one costs the others one.
                time.sleep(delays.next())
                data, stat = self.get(path)


def _missing(name: str, properties: Mapping[str, Any]) -> str:
    """Return what KeyError should name where `name` cannot be deleted."""
    link = name + PROPERTY_LINK
    if link in properties:
        return f'{name} (a property link: delete {link!r} to remove it)'
    return name
