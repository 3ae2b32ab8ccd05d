"""What is sent to ZooKeeper in bulk, as bytes, and back.

Pure.  ``MultiHeader``, ``SetWatches`` and ``RemoveWatchesRequest`` are in
ZooKeeper's zookeeper.jute; ``MultiOperationRecord`` and ``MultiResponse`` in
its Java client.  It must not know who sends, nor when.
"""
from __future__ import annotations

import struct
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple

from kazoo.exceptions import EXCEPTIONS
from kazoo.exceptions import KazooException
from kazoo.protocol.states import ZnodeStat
from kazoo.security import ACL


DATA = 'data'
CHILDREN = 'children'

_CREATE, _DELETE, _GET_DATA, _SET_DATA = 1, 2, 4, 5
_GET_CHILDREN, _CHECK, MULTI = 8, 13, 14
REMOVE_WATCHES, MULTI_READ, SET_WATCHES = 18, 22, 101
SET_WATCHES2, ADD_WATCH = 105, 106
_READ_TYPES = {DATA: _GET_DATA, CHILDREN: _GET_CHILDREN}
_WATCHER_TYPES = {CHILDREN: 1, DATA: 2}
# AddWatchMode in ZooKeeper's Java client.
_RECURSIVE = 1

_int = struct.Struct('!i')
_long = struct.Struct('!q')
_multi_header = struct.Struct('!iBi')
_numbered_header = struct.Struct('!iBii')
_stat = struct.Struct('!qqqqiiiqiiq')
_END = _multi_header.pack(-1, 1, -1)
_READ_HEADERS = {
    kind: _multi_header.pack(type_, 0, -1)
    for kind, type_ in _READ_TYPES.items()
}


class Create(NamedTuple):
    """Create a node."""

    path: str
    data: bytes
    acl: Sequence[ACL]
    ephemeral: bool = False


class SetData(NamedTuple):
    """Replace a node's data, when they are at `version` (-1: any)."""

    path: str
    data: bytes
    version: int


class Delete(NamedTuple):
    """Delete a node, when its data are at `version` (-1: any)."""

    path: str
    version: int


class CheckVersion(NamedTuple):
    """Fail unless the node's data are at `version` (-1: it exists)."""

    path: str
    version: int


Op = Create | SetData | Delete | CheckVersion


class Request:
    """What kazoo's connection thread sends and whose reply it reads."""

    def __init__(
        self,
        type_: int,
        payload: bytes,
        read: Callable[[bytes, int], Any],
        before: Callable[[], None] | None = None,
    ) -> None:
        self.type = type_
        self._payload = payload
        self._read = read
        self._before = before

    def serialize(self) -> bytes:
        if self._before is not None:
            self._before()
        return self._payload

    def deserialize(self, buffer: bytes, offset: int) -> Any:
        return self._read(buffer, offset)

    def __repr__(self) -> str:
        # kazoo logs requests; node data may hold what no log should.
        return f'<request {self.type}, {len(self._payload)} bytes>'


def pack_reads(chroot: str, wanted: Iterable[tuple[str, str]]) -> bytes:
    """Return a multi-read of pairs of DATA or CHILDREN and a path."""
    pack = _int.pack
    pieces: list[bytes] = []
    for kind, path in wanted:
        encoded = full_path(chroot, path) if chroot else path.encode('utf-8')
        pieces.append(
            _READ_HEADERS[kind] + pack(len(encoded)) + encoded + b'\0')
    pieces.append(_END)
    return b''.join(pieces)


def pack_ops(chroot: str, ops: Iterable[Op]) -> bytes:
    """Return a transaction."""
    return b''.join(_pack_op(chroot, op) for op in ops) + _END


def pack_watches(zxid: int, vectors: Iterable[Sequence[bytes]]) -> bytes:
    """Return a SetWatches of full paths: data, missing and children.

    A SetWatches2 has two more: persistent, and persistent recursive.
    """
    pieces = [_long.pack(zxid)]
    for paths in vectors:
        pieces.append(_int.pack(len(paths)))
        for path in paths:
            pieces += (_int.pack(len(path)), path)
    return b''.join(pieces)


def pack_add_watch(path: bytes) -> bytes:
    """Return an AddWatchRequest, persistent and recursive."""
    return _int.pack(len(path)) + path + _int.pack(_RECURSIVE)


def pack_remove_watches(kind: str, path: bytes) -> bytes:
    """Return a RemoveWatchesRequest for a full path."""
    return (_int.pack(len(path)) + path + _int.pack(_WATCHER_TYPES[kind]))


def full_path(chroot: str, path: str) -> bytes:
    """Return a path with the chroot before it."""
    if chroot:
        path = chroot if path == '/' else chroot + path
    return path.encode('utf-8')


_packed_acls: dict[tuple[ACL, ...], bytes] = {}


def _pack_acl(acl: Sequence[ACL]) -> bytes:
    # Nearly always one of two, and packing them is half of a create's cost.
    key = tuple(acl)
    packed = _packed_acls.get(key)
    if packed is None:
        packed = _int.pack(len(key))
        for entry in key:
            packed += _int.pack(entry.perms)
            for text in entry.id:
                encoded = text.encode('utf-8')
                packed += _int.pack(len(encoded)) + encoded
        if len(_packed_acls) < 100:
            _packed_acls[key] = packed
    return packed


_CREATE_HEADER = _multi_header.pack(_CREATE, 0, -1)
_SET_HEADER = _multi_header.pack(_SET_DATA, 0, -1)
_DELETE_HEADER = _multi_header.pack(_DELETE, 0, -1)
_CHECK_HEADER = _multi_header.pack(_CHECK, 0, -1)


def _pack_op(chroot: str, op: Op) -> bytes:
    path = full_path(chroot, op.path)
    start = _int.pack(len(path)) + path
    if isinstance(op, Create):
        return b''.join((
            _CREATE_HEADER, start, _int.pack(len(op.data)), op.data,
            _pack_acl(op.acl), _int.pack(1 if op.ephemeral else 0)))
    if isinstance(op, SetData):
        return b''.join((
            _SET_HEADER, start, _int.pack(len(op.data)), op.data,
            _int.pack(op.version)))
    header = _DELETE_HEADER if isinstance(op, Delete) else _CHECK_HEADER
    return header + start + _int.pack(op.version)


def op_size(op: Op) -> int:
    """Return what an operation takes in a transaction, in bytes, less the
    chroot.
    """
    path = op.path
    size = 17 + (len(path) if path.isascii() else len(path.encode('utf-8')))
    if isinstance(op, (Create, SetData)):
        size += 4 + len(op.data)
    if isinstance(op, Create):
        size += len(_pack_acl(op.acl))
    return size


def read_nothing(buffer: bytes, offset: int) -> None:
    """Read a reply that holds nothing."""


def _read_text(buffer: bytes, offset: int) -> tuple[str, int]:
    start = offset + 4
    end = start + max(_int.unpack_from(buffer, offset)[0], 0)
    return buffer[start:end].decode('utf-8'), end


def _read_error(buffer: bytes, offset: int) -> tuple[KazooException, int]:
    code = _int.unpack_from(buffer, offset)[0]
    return EXCEPTIONS[code](), offset + 4


def read_multi_read(
    buffer: bytes, offset: int
) -> tuple[list[Any], int]:
    """Return what was read, and how many bytes that took."""
    found: list[Any] = []
    append, stat, new = found.append, _stat.unpack_from, tuple.__new__
    size = len(buffer)
    # Each header has a number behind it, except for the last.
    last = size - _numbered_header.size
    while offset <= last:
        type_, done, _, number = _numbered_header.unpack_from(buffer, offset)
        if done:
            break
        offset += 13
        if type_ == _GET_DATA:
            start = offset
            if number > 0:
                offset += number
            append((buffer[start:offset],
                    new(ZnodeStat, stat(buffer, offset))))
            offset += 68
        elif type_ == _GET_CHILDREN:
            names = []
            for _ in range(number):
                start = offset + 4
                offset = start + _int.unpack_from(buffer, offset)[0]
                names.append(buffer[start:offset].decode('utf-8'))
            append(names)
        else:
            append(EXCEPTIONS[number]())
    if not _multi_header.unpack_from(buffer, offset)[1]:
        raise struct.error('a reply without an end')
    return found, size


def read_multi(buffer: bytes, offset: int) -> list[Any]:
    """Return what each operation of a transaction gave."""
    found: list[Any] = []
    while True:
        type_, done, _ = _multi_header.unpack_from(buffer, offset)
        offset += 9
        if done:
            return found
        result: Any = True
        if type_ == _CREATE:
            # kazoo takes the chroot off: it knows this type of request.
            result, offset = _read_text(buffer, offset)
        elif type_ == _SET_DATA:
            result = ZnodeStat._make(_stat.unpack_from(buffer, offset))
            offset += 68
        elif type_ == -1:
            result, offset = _read_error(buffer, offset)
        found.append(result)
