"""The records of ZooKeeper's client protocol, to bytes and back.

Pure functions, for any thread.  Must not know frames, sessions or znodes.
The records are those of zookeeper.jute in apache/zookeeper; the framing of
transactions is that of its MultiOperationRecord and MultiResponse.
"""
from __future__ import annotations

import enum
import struct
from collections.abc import Callable
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple
from typing import TypeVar


class OpCode(enum.IntEnum):
    """What a request asks for (ZooDefs.OpCode)."""

    NOTIFICATION = 0
    CREATE = 1
    DELETE = 2
    EXISTS = 3
    GET_DATA = 4
    SET_DATA = 5
    GET_ACL = 6
    SET_ACL = 7
    GET_CHILDREN = 8
    SYNC = 9
    PING = 11
    GET_CHILDREN2 = 12
    CHECK = 13
    MULTI = 14
    CREATE2 = 15
    RECONFIG = 16
    CHECK_WATCHES = 17
    REMOVE_WATCHES = 18
    CREATE_CONTAINER = 19
    DELETE_CONTAINER = 20
    CREATE_TTL = 21
    MULTI_READ = 22
    AUTH = 100
    SET_WATCHES = 101
    SASL = 102
    GET_EPHEMERALS = 103
    GET_ALL_CHILDREN_NUMBER = 104
    SET_WATCHES2 = 105
    ADD_WATCH = 106
    WHO_AM_I = 107
    CREATE_SESSION = -10
    CLOSE_SESSION = -11
    ERROR = -1


class Code(enum.IntEnum):
    """How a request ended (KeeperException.Code)."""

    OK = 0
    RUNTIME_INCONSISTENCY = -2
    MARSHALLING_ERROR = -5
    UNIMPLEMENTED = -6
    BAD_ARGUMENTS = -8
    NO_NODE = -101
    NO_AUTH = -102
    BAD_VERSION = -103
    NO_CHILDREN_FOR_EPHEMERALS = -108
    NODE_EXISTS = -110
    NOT_EMPTY = -111
    SESSION_EXPIRED = -112
    INVALID_ACL = -114
    AUTH_FAILED = -115
    NO_WATCHER = -121
    RECONFIG_DISABLED = -123


class EventType(enum.IntEnum):
    """What a watch saw (Watcher.Event.EventType)."""

    CREATED = 1
    DELETED = 2
    DATA_CHANGED = 3
    CHILDREN_CHANGED = 4


class JuteError(ValueError):
    """The bytes are not the record they should be."""


T = TypeVar('T')


class Codec(NamedTuple):
    """How values of one type are read and written.

    `parse` takes the bytes and an offset and returns the value and the
    offset after it; `format` returns the bytes.
    """

    parse: Callable[[bytes, int], tuple[Any, int]]
    format: Callable[[Any], bytes]


def _of_struct(form: str) -> Codec:
    packer = struct.Struct(form)
    unpack_from, size = packer.unpack_from, packer.size

    def parse(data: bytes, offset: int) -> tuple[Any, int]:
        try:
            return unpack_from(data, offset)[0], offset + size
        except struct.error:
            raise JuteError(
                f'{size} bytes expected at offset {offset}') from None

    return Codec(parse, packer.pack)


integer = _of_struct('!i')
long = _of_struct('!q')
boolean = _of_struct('!?')


def _parse_buffer(data: bytes, offset: int) -> tuple[bytes | None, int]:
    length, start = integer.parse(data, offset)
    if length == -1:
        return None, start
    end = start + length
    if length < 0 or end > len(data):
        raise JuteError(f'a length of {length} at offset {offset}')
    return data[start:end], end


def _format_buffer(value: bytes | None) -> bytes:
    if value is None:
        return integer.format(-1)
    return integer.format(len(value)) + value


buffer = Codec(_parse_buffer, _format_buffer)


def _parse_ustring(data: bytes, offset: int) -> tuple[str | None, int]:
    value, offset = _parse_buffer(data, offset)
    # Java's decoder, too, puts a replacement for what is not UTF-8.
    return None if value is None else value.decode('utf-8', 'replace'), offset


def _format_ustring(value: str | None) -> bytes:
    if value is None:
        return integer.format(-1)
    return _format_buffer(value.encode('utf-8', 'replace'))


ustring = Codec(_parse_ustring, _format_ustring)


def vector(element: Codec) -> Codec:
    """Return the codec of a list (or null, as None)."""

    def parse(data: bytes, offset: int) -> tuple[list[Any] | None, int]:
        count, offset = integer.parse(data, offset)
        if count == -1:
            return None, offset
        values = []
        for _ in range(count):
            value, offset = element.parse(data, offset)
            values.append(value)
        return values, offset

    def format(values: Sequence[Any] | None) -> bytes:
        if values is None:
            return integer.format(-1)
        return integer.format(len(values)) + b''.join(
            map(element.format, values))

    return Codec(parse, format)


ustrings = vector(ustring)

_RECORDS: dict[type, tuple[Codec, ...]] = {}


def record(*codecs: Codec) -> Callable[[type[T]], type[T]]:
    """Declare the codecs of a NamedTuple's fields, in their order."""

    def declare(type_: type[T]) -> type[T]:
        _RECORDS[type_] = codecs
        return type_

    return declare


def parse(
    type_: type[T], data: bytes, offset: int = 0
) -> tuple[T, int]:
    """Read a record.

    :param type_: one of the classes below
    :returns: the record, and the offset of what follows it
    :raises JuteError: the bytes are not such a record
    """
    values = []
    for codec in _RECORDS[type_]:
        value, offset = codec.parse(data, offset)
        values.append(value)
    return type_(*values), offset


def format(record: Any) -> bytes:
    """Return the bytes of a record (one of the classes below)."""
    codecs = _RECORDS[type(record)]
    return b''.join([
        codec.format(value)
        for codec, value in zip(codecs, record, strict=True)])


def _of_record(type_: type) -> Codec:
    return Codec(lambda data, offset: parse(type_, data, offset), format)


@record(integer, ustring, ustring)
class ACL(NamedTuple):
    """Who (scheme and id) may do what (perms) with a node."""

    perms: int
    scheme: str | None
    id: str | None


acls = vector(_of_record(ACL))


class Stat(NamedTuple):
    """What a node's metadata say to a client; times in milliseconds."""

    czxid: int
    mzxid: int
    ctime: int
    mtime: int
    version: int
    cversion: int
    aversion: int
    ephemeral_owner: int
    data_length: int
    num_children: int
    pzxid: int


_STAT = struct.Struct('!qqqqiiiqiiq')


def _parse_stat(data: bytes, offset: int) -> tuple[Stat, int]:
    try:
        values = _STAT.unpack_from(data, offset)
    except struct.error:
        raise JuteError(f'a Stat expected at offset {offset}') from None
    return Stat._make(values), offset + _STAT.size


stat = Codec(_parse_stat, lambda value: _STAT.pack(*value))
_RECORDS[Stat] = tuple(
    long if kind == 'q' else integer for kind in 'qqqqiiiqiiq')


@record(integer, long, integer, long, buffer)
class ConnectRequest(NamedTuple):
    """The first record of a connection; the timeout in milliseconds."""

    protocol_version: int
    last_zxid_seen: int
    timeout: int
    session_id: int
    password: bytes | None


@record(integer, integer, long, buffer)
class ConnectResponse(NamedTuple):
    """The answer to it; session id 0: there is no such session."""

    protocol_version: int
    timeout: int
    session_id: int
    password: bytes | None


@record(integer, integer)
class RequestHeader(NamedTuple):
    """What comes before a request."""

    xid: int
    type: int


@record(integer, long, integer)
class ReplyHeader(NamedTuple):
    """What comes before a reply."""

    xid: int
    zxid: int
    error: int


@record(integer, boolean, integer)
class MultiHeader(NamedTuple):
    """What comes before each operation of a transaction, and each result."""

    type: int
    done: bool
    error: int


@record(integer, ustring, buffer)
class AuthPacket(NamedTuple):
    """A client says who it is."""

    type: int
    scheme: str | None
    auth: bytes | None


@record(ustring)
class PathRequest(NamedTuple):
    """getACL, sync, getEphemerals and getAllChildrenNumber."""

    path: str | None


@record(ustring, boolean)
class WatchedRequest(NamedTuple):
    """exists, getData, getChildren and getChildren2."""

    path: str | None
    watch: bool


@record(ustring, integer)
class VersionRequest(NamedTuple):
    """delete and check."""

    path: str | None
    version: int


@record(ustring, buffer, acls, integer)
class CreateRequest(NamedTuple):
    """create, create2 and createContainer."""

    path: str | None
    data: bytes | None
    acl: list[ACL] | None
    flags: int


@record(ustring, buffer, acls, integer, long)
class CreateTTLRequest(NamedTuple):
    """createTTL."""

    path: str | None
    data: bytes | None
    acl: list[ACL] | None
    flags: int
    ttl: int


@record(ustring, buffer, integer)
class SetDataRequest(NamedTuple):
    """setData."""

    path: str | None
    data: bytes | None
    version: int


@record(ustring, acls, integer)
class SetACLRequest(NamedTuple):
    """setACL."""

    path: str | None
    acl: list[ACL] | None
    version: int


@record(long, ustrings, ustrings, ustrings)
class SetWatches(NamedTuple):
    """Watches that a client had before it connected again."""

    relative_zxid: int
    data: list[str | None] | None
    exist: list[str | None] | None
    child: list[str | None] | None


@record(long, ustrings, ustrings, ustrings, ustrings, ustrings)
class SetWatches2(NamedTuple):
    """The same, with those of addWatch."""

    relative_zxid: int
    data: list[str | None] | None
    exist: list[str | None] | None
    child: list[str | None] | None
    persistent: list[str | None] | None
    recursive: list[str | None] | None


@record(ustring, integer)
class WatchTypeRequest(NamedTuple):
    """addWatch (type: its mode), checkWatches and removeWatches."""

    path: str | None
    type: int


@record(integer, integer, ustring)
class WatcherEvent(NamedTuple):
    """What a watch saw; state is always 3, SyncConnected."""

    type: int
    state: int
    path: str | None


@record(integer)
class NumberResponse(NamedTuple):
    """ErrorResponse, and the answer to getAllChildrenNumber."""

    number: int


@record(ustring)
class PathResponse(NamedTuple):
    """The answer to create and sync."""

    path: str | None


@record(ustring, stat)
class Create2Response(NamedTuple):
    """The answer to create2."""

    path: str | None
    stat: Stat


@record(stat)
class StatResponse(NamedTuple):
    """The answer to exists, setData and setACL."""

    stat: Stat


@record(buffer, stat)
class GetDataResponse(NamedTuple):
    """The answer to getData."""

    data: bytes | None
    stat: Stat


@record(ustrings)
class NamesResponse(NamedTuple):
    """The answer to getChildren and getEphemerals."""

    names: list[str]


@record(ustrings, stat)
class GetChildren2Response(NamedTuple):
    """The answer to getChildren2."""

    names: list[str]
    stat: Stat


@record(acls, stat)
class GetACLResponse(NamedTuple):
    """The answer to getACL."""

    acl: list[ACL]
    stat: Stat


@record(ustring, ustring)
class ClientInfo(NamedTuple):
    """One name under which a client is known."""

    scheme: str | None
    user: str | None


@record(vector(_of_record(ClientInfo)))
class WhoAmIResponse(NamedTuple):
    """The answer to whoAmI."""

    infos: list[ClientInfo]


#: What comes after the header of each request; others have no record.
REQUESTS: dict[int, type[Any]] = {
    OpCode.CREATE: CreateRequest,
    OpCode.DELETE: VersionRequest,
    OpCode.EXISTS: WatchedRequest,
    OpCode.GET_DATA: WatchedRequest,
    OpCode.SET_DATA: SetDataRequest,
    OpCode.GET_ACL: PathRequest,
    OpCode.SET_ACL: SetACLRequest,
    OpCode.GET_CHILDREN: WatchedRequest,
    OpCode.SYNC: PathRequest,
    OpCode.GET_CHILDREN2: WatchedRequest,
    OpCode.CHECK: VersionRequest,
    OpCode.CREATE2: CreateRequest,
    OpCode.CHECK_WATCHES: WatchTypeRequest,
    OpCode.REMOVE_WATCHES: WatchTypeRequest,
    OpCode.CREATE_CONTAINER: CreateRequest,
    OpCode.CREATE_TTL: CreateTTLRequest,
    OpCode.AUTH: AuthPacket,
    OpCode.SET_WATCHES: SetWatches,
    OpCode.GET_EPHEMERALS: PathRequest,
    OpCode.GET_ALL_CHILDREN_NUMBER: PathRequest,
    OpCode.SET_WATCHES2: SetWatches2,
    OpCode.ADD_WATCH: WatchTypeRequest,
}
