"""The records of ZooKeeper's client protocol.

Pure: declarations only.  As zookeeper.jute of apache/zookeeper; what is null
there is None here, also where ZooKeeper itself would not send it.
"""
from __future__ import annotations

from typing import Any
from typing import NamedTuple

from .codes import OpCode
from .jute import boolean
from .jute import buffer
from .jute import integer
from .jute import long
from .jute import of_record
from .jute import record
from .jute import ustring
from .jute import ustrings
from .jute import vector


@record(integer, ustring, ustring)
class ACL(NamedTuple):
    """Who (scheme and id) may do what (perms) with a node."""

    perms: int
    scheme: str | None
    id: str | None


acls = vector(of_record(ACL))


@record(long, long, long, long, integer, integer, integer, long, integer,
        integer, long)
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


#: A Stat within another record.
stat = of_record(Stat)


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


@record(vector(of_record(ClientInfo)))
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
