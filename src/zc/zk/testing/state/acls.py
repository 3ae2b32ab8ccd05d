"""Who may do what: ACLs, and the names by which a client is known.

Pure functions, for any thread.  Must not know znodes or sessions.  The
schemes are world, digest, ip and (in what a client asks for) auth; a list of
ids is that of one connection.
"""
from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from typing import NamedTuple

from ..protocol.codes import Code
from ..protocol.codes import RequestFailed
from ..protocol.records import ACL


READ, WRITE, CREATE, DELETE, ADMIN = 1, 2, 4, 8, 16
ALL = 31

OPEN = (ACL(ALL, 'world', 'anyone'),)
READ_ONLY = (ACL(READ, 'world', 'anyone'),)


class Id(NamedTuple):
    """A name by which a client is known."""

    scheme: str
    id: str


#: Who may do everything: the server itself.
SUPER = Id('super', '')


def allows(acl: Sequence[ACL], permission: int, ids: Sequence[Id]) -> bool:
    """Say whether someone of `ids` has (part of) the permission.

    :param permission: one or more of the constants above
    """
    for perms, scheme, who in acl:
        if perms & permission:
            if scheme == 'world':
                return True
            for id in ids:
                if id.scheme == scheme and _matches(id, who or ''):
                    return True
    return SUPER in ids


def check(acl: Sequence[ACL], permission: int, ids: Sequence[Id]) -> None:
    """Raise NO_AUTH unless someone of `ids` has the permission."""
    if not allows(acl, permission, ids):
        raise RequestFailed(Code.NO_AUTH)


def expanded(
    acl: Sequence[ACL] | None, ids: Sequence[Id]
) -> tuple[ACL, ...]:
    """Return the ACL to be stored for one that a client gave.

    ``auth`` stands for the client's digests; what is there twice goes.

    :raises RequestFailed: INVALID_ACL
    """
    result: list[ACL] = []
    for entry in dict.fromkeys(acl or ()):
        perms, scheme, who = entry
        if scheme == 'auth':
            own = [ACL(perms, id.scheme, id.id) for id in ids
                   if id.scheme == 'digest']
            if not own:
                raise RequestFailed(Code.INVALID_ACL)
            result.extend(own)
        elif _is_valid(scheme, who):
            result.append(entry)
        else:
            raise RequestFailed(Code.INVALID_ACL)
    if not result:
        raise RequestFailed(Code.INVALID_ACL)
    return tuple(result)


def masked(acl: Sequence[ACL]) -> list[ACL]:
    """Return the ACL for someone who may not see digests."""
    return [
        entry._replace(id=f'{(entry.id or "").split(":")[0]}:x')
        if entry.scheme == 'digest' else entry
        for entry in acl]


def digest(auth: bytes) -> Id:
    """Return the id of who knows ``user:password``."""
    text = auth.decode('utf-8', 'replace')
    hashed = hashlib.sha1(text.encode('utf-8')).digest()
    user = text.partition(':')[0]
    return Id('digest', f'{user}:{base64.b64encode(hashed).decode("ascii")}')


def _is_valid(scheme: str | None, who: str | None) -> bool:
    if scheme is not None and who is None:
        # A NullPointerException there.
        raise RequestFailed(Code.MARSHALLING_ERROR)
    if scheme == 'digest':
        # As Java splits: empty parts at the end do not count.
        return (who or '').rstrip(':').count(':') == 1
    if scheme == 'ip':
        return _network(who or '') is not None
    return (scheme, who) == ('world', 'anyone')


def _matches(id: Id, who: str) -> bool:
    if id.scheme != 'ip':
        return id.id == who
    network, address = _network(who), _network(id.id)
    if network is None or address is None:
        return False
    shift = 32 - network[1]
    return network[0] >> shift == address[0] >> shift


def _network(text: str) -> tuple[int, int] | None:
    """Return an IPv4 address as a number, and how many bits of it count."""
    address, slash, bits = text.partition('/')
    parts = address.split('.')
    if not slash:
        bits = '32'
    if len(parts) != 4 or not all(
            part.isdecimal() for part in [*parts, bits]):
        return None
    numbers = [int(part) for part in parts]
    if max(numbers) > 255 or int(bits) > 32:
        return None
    return int.from_bytes(bytes(numbers), 'big'), int(bits)
