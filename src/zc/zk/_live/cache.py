"""The nodes in memory, each with a watch left in the server.

Used by the watch engine, whose lock is held around every call here.  It must
not know threads, nor what the nodes are used for.
"""
from __future__ import annotations

from collections.abc import Collection
from collections.abc import Iterable
from typing import Any

from kazoo.exceptions import KazooException
from kazoo.exceptions import NoNodeError
from kazoo.protocol.states import EventType
from kazoo.protocol.states import ZnodeStat

from .._session.loop import WatchFunction
from .._session.recursive import REFUSALS
from .._session.requests import FEW
from .._session.requests import Bulk
from .._session.requests import is_connection_error
from .._session.watches import remove_watches
from .._session.watches import set_watches
from .._session.wire import CHILDREN
from .._session.wire import DATA
from .._tree import paths as _paths
from .families import Families
from .family import Family
from .frames import forget_frames
from .view import FAMILY
from .view import CachedNode
from .view import Key
from .view import View


class NodeCache:
    """Nodes that were read, and are watched.

    One noun: reading, arming and forgetting change the same table of nodes.

    :param bulk: reads and arms watches
    :param watcher: called with each event, in kazoo's callback thread
    :param persistent: whether to use persistent watches where possible
    :ivar stale: what must be read again
    :ivar failed: what gave an error, and so has no watch
    :ivar unused: what may have lost its last user
    :ivar changed: what is not as it was, while its users do not know
    """

    def __init__(
        self, bulk: Bulk, watcher: WatchFunction, persistent: bool
    ) -> None:
        self._bulk = bulk
        self._watcher = watcher
        self._nodes: dict[Key, CachedNode] = {}
        self.stale: set[Key] = set()
        self.failed: set[Key] = set()
        self.unused: set[Key] = set()
        self.changed: set[Key] = set()
        self._families = Families(bulk, watcher, persistent)
        self._armed = 0

    @property
    def armed(self) -> int:
        """How often watches were set for what had been read before."""
        return self._armed + self._families.armed

    def __len__(self) -> int:
        return len(self._nodes)

    def __contains__(self, key: Key) -> bool:
        return key in self._nodes

    def view(self) -> View:
        """Return a new view of the nodes."""
        return View(self._nodes)

    def users(self, keys: Iterable[Key]) -> set[Any]:
        """Return who uses the nodes."""
        found: set[Any] = set()
        for key in keys:
            for node in self._about(key):
                found |= node.users
        return found

    def _about(self, key: Key) -> list[CachedNode]:
        """Return the nodes in memory that show what a key stands for."""
        kind, path = key
        keys = [key]
        if kind == CHILDREN:
            keys.append((FAMILY, path))
        elif kind == DATA and self._families:
            keys.append((FAMILY, _paths.split(path)[0]))
        return [node for node in map(self._nodes.get, keys)
                if node is not None]

    def shown(self, key: Key) -> bool:
        """Tell whether users see what is made of a node; from any thread."""
        try:
            return any(user.shown for node in self._about(key)
                       for user in node.users)
        except RuntimeError:
            return True     # some come and go just now

    def use(
        self, user: Any, before: Collection[Key], now: Collection[Key]
    ) -> None:
        """Note that `user` changed from some nodes to others."""
        if len(before) == len(now) and all(map(now.__contains__, before)):
            return      # nearly always
        for key in set(now).difference(before):
            self._nodes[key].users.add(user)
            self.unused.discard(key)
        for key in set(before).difference(now):
            node = self._nodes[key]
            node.users.discard(user)
            if not node.users:
                self.unused.add(key)

    def learn(self, path: str, data: bytes, stat: ZnodeStat) -> bool:
        """Take in newer data of a node; tell whether they are newer."""
        family, name = self._families.of(path)
        newer = family is not None and family.learn(name, data, stat.mzxid)
        node = self._nodes.get((DATA, path))
        if (node is None or node.stat is None
                or stat.mzxid <= node.stat.mzxid):
            return newer
        node.value = data
        node.stat = stat
        return True

    def knows(self, path: str, mzxid: int) -> bool:
        """Tell whether data of a node, or newer ones, were read."""
        family, name = self._families.of(path)
        if family is not None and not family.knows(name, mzxid):
            return False
        node = self._nodes.get((DATA, path))
        if node is None:
            return family is not None
        return node.stat is not None and node.stat.mzxid >= mzxid

    def note_event(self, type_: str, path: str) -> None:
        """Note that a watch fired: the node must be read again."""
        kinds: tuple[str, ...] = (DATA, CHILDREN)
        if type_ == EventType.CHANGED:
            kinds = (DATA,)
        elif type_ == EventType.CHILD:
            kinds = (CHILDREN,)
        for kind in kinds:
            node = self._nodes.get((kind, path))
            if node is not None:
                node.armed = False
                self.stale.add((kind, path))
        if (FAMILY, path) in self._nodes and type_ != EventType.CHANGED:
            self.stale.add((FAMILY, path))
        self.stale.update([
            (FAMILY, each)
            for each in self._families.note_event(type_, path)])

    def silent(self, keys: Iterable[Key]) -> bool:
        """Tell whether children went without a word when these were read."""
        return any(kind == FAMILY and self._families.silent(path)
                   for kind, path in keys)

    def note_late(self, type_: str, path: str) -> None:
        """Note a watch that had fired before the last reading."""
        self._families.note_late(type_, path)

    def note_failed(self) -> None:
        """Have what gave an error read again."""
        self.stale |= self.failed & self._nodes.keys()
        for kind, path in self.failed:
            if kind == FAMILY:
                self._families.note_failed(path)

    def rearm(self, zxid: int) -> None:
        """Leave all watches again; what changed since `zxid` fires."""
        data, children, recursive = self._families.watches()
        missing: list[str] = []
        for (kind, path), node in self._nodes.items():
            if node.armed:
                if kind == CHILDREN:
                    children.append(path)
                else:
                    (missing if node.value is None else data).append(path)
        if data or missing or children or recursive:
            try:
                set_watches(self._bulk, zxid, self._watcher, data, missing,
                            children, recursive)
                self._families.note_outage(recursive)
            except REFUSALS:
                self._families.give_up()
                self._note_given_up()
                set_watches(
                    self._bulk, zxid, self._watcher, data, missing, children)
            self.stale.update([(FAMILY, path) for path in recursive])
            self._armed += 1

    def sweep(self, most: int, connected: bool) -> None:
        """Forget up to `most` nodes that nobody uses, and their watches."""
        gone: list[Key] = []
        families: list[str] = []
        while self.unused and len(gone) < most:
            key = self.unused.pop()
            node = self._nodes.get(key)
            if node is not None and not node.users:
                del self._nodes[key]
                self.stale.discard(key)
                self.failed.discard(key)
                self.changed.discard(key)
                if key[0] == FAMILY:
                    families.append(key[1])
                elif node.armed:
                    gone.append(key)
        if gone and connected:
            remove_watches(self._bulk, self._watcher, gone)
        for path in families:
            self._families.forget(path, connected)

    def fetch(self, keys: list[Key]) -> None:
        """Read nodes and leave watches on them."""
        try:
            for key in keys:
                if key[0] == FAMILY:
                    self._keep(key, self._read_family(key[1]))
        finally:
            self._note_given_up()
        keys = [key for key in keys if key[0] != FAMILY]
        if not keys:
            return
        if len(keys) <= FEW:
            results = self._read_few(keys)
            for key, result in zip(keys, results, strict=True):
                self._keep(key, result)
            return
        zxid = self._bulk.current_zxid()
        results = self._bulk.read(keys)
        data: list[str] = []
        missing: list[str] = []
        children: list[str] = []
        for (kind, path), result in zip(keys, results, strict=True):
            if isinstance(result, NoNodeError):
                if kind == DATA:
                    missing.append(path)
            elif not isinstance(result, Exception):
                (data if kind == DATA else children).append(path)
        set_watches(
            self._bulk, zxid, self._watcher, data, missing, children)
        self._armed += 1
        for key, result in zip(keys, results, strict=True):
            self._keep(key, result)

    def _note_given_up(self) -> None:
        given_up = self._families.given_up
        while given_up:
            self.stale.add((FAMILY, given_up.pop()))

    def _read_family(self, path: str) -> Family | KazooException:
        try:
            return self._families.fetch(path)
        except KazooException as e:
            if is_connection_error(e):
                raise
            return e

    def _read_few(self, keys: list[Key]) -> list[Any]:
        client = self._bulk.client
        pending = [
            (client.get_async if kind == DATA else client.get_children_async)(
                path, self._watcher)
            for kind, path in keys]
        results = []
        for (kind, path), result in zip(keys, pending, strict=True):
            try:
                results.append(self._bulk.wait(result))
            except NoNodeError as e:
                results.append(
                    e if kind == CHILDREN else self._watch_missing(path, e))
            except KazooException as e:
                if is_connection_error(e):
                    raise
                results.append(e)
        return results

    def _watch_missing(self, path: str, error: NoNodeError) -> Any:
        """Watch a node that is not there; read it if it came meanwhile."""
        client = self._bulk.client
        while True:
            if self._bulk.wait(
                    client.exists_async(path, self._watcher)) is None:
                return error
            try:
                return self._bulk.wait(
                    client.get_async(path, self._watcher))
            except NoNodeError:
                pass

    def _keep(self, key: Key, result: Any) -> None:
        node = self._nodes.get(key)
        new = node is None
        if node is None:
            node = self._nodes[key] = CachedNode()
            # Until a tracker uses it.
            self.unused.add(key)
        before, stat = node.value, node.stat
        node.stat = None
        self.failed.discard(key)
        if isinstance(result, NoNodeError):
            node.value = None
            # A missing node's children cannot be watched; trackers look at
            # its data too, and that watch tells of both.
            node.armed = key[0] == DATA
        elif isinstance(result, Exception):
            forget_frames(result)
            node.value = result
            node.armed = False
            self.failed.add(key)
        elif isinstance(result, Family):
            node.value = result
            if result.failed:
                self.failed.add(key)
        else:
            node.armed = True
            if key[0] == DATA:
                # A Java client may have left null for data; that is no
                # missing node.
                node.value, node.stat = result[0] or b'', result[1]
            else:
                node.value = tuple(sorted(result))
        if not (new or _unchanged(before, stat, node)):
            self.changed.add(key)


def _unchanged(
    value: Any, stat: ZnodeStat | None, node: CachedNode
) -> bool:
    """Tell whether a node that was read again is as it was."""
    if isinstance(value, bytes):
        # As where a watch tells of what this client wrote, and knows.
        return (stat is not None and node.stat is not None
                and stat.mzxid == node.stat.mzxid and value == node.value)
    return (value is None or isinstance(value, tuple)) and bool(
        value == node.value)
