"""The tree of znodes, and transactions on it.

Pure, run by the server's thread; a session is a number to it, and time and
zxid are arguments.  Must not know watches: a transaction returns what it
changed, in the order in which ZooKeeper tells it.  Which error wins where
several apply is that of ZooKeeper's PrepRequestProcessor.
"""
from __future__ import annotations

import re
from collections.abc import Callable
from collections.abc import Sequence
from typing import NamedTuple

from ..protocol.codes import Code
from ..protocol.codes import EventType
from ..protocol.codes import RequestFailed
from ..protocol.records import ACL
from ..protocol.records import Stat
from . import acls
from .acls import Id


#: Nodes that are always there.
SPECIAL = frozenset(
    ('/', '/zookeeper', '/zookeeper/quota', '/zookeeper/config'))

# PathUtils.validatePath: Java has two characters for what is beyond uffff.
_BAD_PATH = re.compile(
    '[\x00-\x1f\x7f-\x9f\ud800-\uf8ff\ufff0-\uffff\U00010000-\U0010ffff]'
    r'|//|/\.{1,2}(/|\Z)|./\Z', re.DOTALL)


class TreeChange(NamedTuple):
    """What happened to a node, and who may read it and its parent."""

    path: str
    type: EventType
    acl: Sequence[ACL]
    parent_acl: Sequence[ACL] = ()


class Author(NamedTuple):
    """Who writes: a session, and the names of its client."""

    session: int
    ids: Sequence[Id]


class Znode:
    """A node; `cversion` counts children made, as in DataNode."""

    __slots__ = ('data', 'acl', 'czxid', 'mzxid', 'pzxid', 'ctime', 'mtime',
                 'version', 'cversion', 'aversion', 'owner', 'children')

    def __init__(
        self,
        data: bytes | None = b'',
        acl: Sequence[ACL] = acls.OPEN,
        zxid: int = 0,
        time: int = 0,
        owner: int = 0,
    ) -> None:
        self.data = data
        self.acl = acl
        self.czxid = self.mzxid = self.pzxid = zxid
        self.ctime = self.mtime = time
        self.version = self.cversion = self.aversion = 0
        self.owner = owner
        self.children: dict[str, None] = {}

    def stat(self) -> Stat:
        """Return the metadata as a client sees them."""
        count = len(self.children)
        return Stat(
            self.czxid, self.mzxid, self.ctime, self.mtime, self.version,
            # Each child that is no more was made and deleted.
            2 * self.cversion - count, self.aversion, self.owner,
            len(self.data or b''), count, self.pzxid)


class Tree:
    """All nodes by path; the root has the names '' and '/'."""

    def __init__(self) -> None:
        root = Znode()
        self.nodes: dict[str, Znode] = {'': root, '/': root}
        self.ephemerals: dict[int, dict[str, None]] = {}
        root.children['zookeeper'] = None
        for path in ('/zookeeper', '/zookeeper/quota', '/zookeeper/config'):
            self.nodes[path] = Znode()
            if path != '/zookeeper':
                name = path.rpartition('/')[2]
                self.nodes['/zookeeper'].children[name] = None
        config = self.nodes['/zookeeper/config']
        config.acl = acls.READ_ONLY
        config.aversion = -1

    def find(self, path: str | None) -> Znode:
        """Return a node.

        :raises RequestFailed: NO_NODE
        """
        if path is None:
            raise RequestFailed(Code.MARSHALLING_ERROR)
        try:
            return self.nodes[path]
        except KeyError:
            raise RequestFailed(Code.NO_NODE) from None

    def readable(
        self, path: str | None, ids: Sequence[Id],
        permission: int = acls.READ,
    ) -> Znode:
        """Return a node that someone of `ids` may read.

        :raises RequestFailed: NO_NODE, NO_AUTH
        """
        node = self.find(path)
        acls.check(node.acl, permission, ids)
        return node

    def descendants(self, path: str) -> int:
        """Return how many nodes there are below a path."""
        if path == '/':
            return len(self.nodes) - 2
        return sum(each.startswith(path + '/') for each in self.nodes)

    def owned(self, session: int) -> list[str]:
        """Return the paths of a session's ephemeral nodes."""
        return list(self.ephemerals.get(session, ()))


class Transaction:
    """Changes with one zxid, done all or not at all."""

    def __init__(
        self, tree: Tree, author: Author, zxid: int, time: int
    ) -> None:
        self.changes: list[TreeChange] = []
        self._tree = tree
        self._author = author
        self._zxid = zxid
        self._time = time
        self._undo: list[Callable[[], object]] = []

    def roll_back(self) -> None:
        """Make everything as it was before."""
        for undo in reversed(self._undo):
            undo()
        self.changes.clear()

    def create(
        self,
        path: str | None,
        data: bytes | None,
        acl: Sequence[ACL] | None,
        flags: int,
    ) -> str:
        """Make a node; return its path.

        :param flags: 1: ephemeral, 2: sequential, 3: both
        """
        nodes = self._tree.nodes
        if not 0 <= flags <= 6:
            raise RequestFailed(Code.BAD_ARGUMENTS)
        if flags > 3:
            # Containers and nodes with a time to live need a server that
            # deletes by itself; this one does not.
            raise RequestFailed(Code.UNIMPLEMENTED)
        path = _checked(path)
        parent_path = path.rpartition('/')[0]
        stored = acls.expanded(acl, self._author.ids)
        parent = self._tree.find(parent_path)
        acls.check(parent.acl, acls.CREATE, self._author.ids)
        if flags & 2:
            path += f'{parent.cversion:010d}'
        validate(path)
        if path in nodes:
            raise RequestFailed(Code.NODE_EXISTS)
        if parent.owner:
            raise RequestFailed(Code.NO_CHILDREN_FOR_EPHEMERALS)
        owner = self._author.session if flags & 1 else 0
        node = Znode(data, stored, self._zxid, self._time, owner)
        parent_was = (parent.cversion, parent.pzxid)
        parent.cversion += 1
        parent.pzxid = self._zxid
        self._insert(path, node)

        def undo() -> None:
            self._remove(path, node)
            parent.cversion, parent.pzxid = parent_was

        self._undo.append(undo)
        self.changes.append(TreeChange(
            path, EventType.CREATED, stored, parent.acl))
        return path

    def delete(self, path: str | None, version: int) -> None:
        """Delete a node that has no children."""
        path = _checked(path)
        if path in SPECIAL:
            raise RequestFailed(Code.BAD_ARGUMENTS)
        parent = self._tree.find(path.rpartition('/')[0])
        acls.check(parent.acl, acls.DELETE, self._author.ids)
        node = self._tree.find(path)
        _check_version(node.version, version)
        if node.children:
            raise RequestFailed(Code.NOT_EMPTY)
        self._delete(path, node)

    def delete_owned(self) -> None:
        """Delete the author's ephemeral nodes: the session has ended."""
        for path in self._tree.owned(self._author.session):
            self._delete(path, self._tree.nodes[path])

    def set_data(
        self, path: str | None, data: bytes | None, version: int
    ) -> Stat:
        """Replace a node's data; return the new metadata."""
        path = validate(path)
        node = self._tree.find(path)
        acls.check(node.acl, acls.WRITE, self._author.ids)
        _check_version(node.version, version)
        was = (node.data, node.version, node.mzxid, node.mtime)
        node.data = data
        node.version += 1
        node.mzxid = self._zxid
        node.mtime = self._time

        def undo() -> None:
            node.data, node.version, node.mzxid, node.mtime = was

        self._undo.append(undo)
        self.changes.append(TreeChange(path, EventType.DATA_CHANGED, node.acl))
        return node.stat()

    def set_acl(
        self, path: str | None, acl: Sequence[ACL] | None, version: int
    ) -> Stat:
        """Replace a node's ACL; return the new metadata.

        Not among the operations of a multi, so never undone.
        """
        path = validate(path)
        stored = acls.expanded(acl, self._author.ids)
        node = self._tree.find(path)
        acls.check(node.acl, acls.ADMIN, self._author.ids)
        _check_version(node.aversion, version)
        node.acl = stored
        node.aversion += 1
        return node.stat()

    def check(self, path: str | None, version: int) -> None:
        """Fail unless the node has that version."""
        path = validate(path)
        node = self._tree.find(path)
        acls.check(node.acl, acls.READ, self._author.ids)
        _check_version(node.version, version)

    def _delete(self, path: str, node: Znode) -> None:
        parent = self._tree.nodes[path.rpartition('/')[0]]
        pzxid = parent.pzxid
        self._remove(path, node)
        parent.pzxid = self._zxid

        def undo() -> None:
            self._insert(path, node)
            parent.pzxid = pzxid

        self._undo.append(undo)
        self.changes.append(TreeChange(
            path, EventType.DELETED, node.acl, parent.acl))

    def _insert(self, path: str, node: Znode) -> None:
        parent_path, _, name = path.rpartition('/')
        self._tree.nodes[parent_path].children[name] = None
        self._tree.nodes[path] = node
        if node.owner:
            self._tree.ephemerals.setdefault(node.owner, {})[path] = None

    def _remove(self, path: str, node: Znode) -> None:
        parent_path, _, name = path.rpartition('/')
        del self._tree.nodes[parent_path].children[name]
        del self._tree.nodes[path]
        if node.owner:
            owned = self._tree.ephemerals[node.owner]
            del owned[path]
            if not owned:
                del self._tree.ephemerals[node.owner]


def validate(path: str | None) -> str:
    """Return a path that may be a node's.

    :raises RequestFailed: BAD_ARGUMENTS
    """
    if not path or path[0] != '/' or _BAD_PATH.search(path):
        raise RequestFailed(Code.BAD_ARGUMENTS)
    return path


def _checked(path: str | None) -> str:
    """Return a path of which there may be a parent."""
    if path is None:
        raise RequestFailed(Code.MARSHALLING_ERROR)
    if '/' not in path or '\0' in path:
        raise RequestFailed(Code.BAD_ARGUMENTS)
    return path


def _check_version(version: int, expected: int) -> None:
    if expected not in (-1, version):
        raise RequestFailed(Code.BAD_VERSION)
