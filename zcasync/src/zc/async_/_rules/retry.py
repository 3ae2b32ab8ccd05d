"""Whether and when to try again.

Pure.  Says which kind an error is of, and how long to wait; the policies in
`zc.async_.job` keep the counts.
"""
from __future__ import annotations

import errno
from typing import NamedTuple

from .failure import Failure


__all__ = ['AWAY', 'CONFLICT', 'Limits', 'backoff', 'kind', 'kind_of_commit',
           'pause', 'stale_id']

#: The database cannot be reached.
AWAY = 'zeo_disconnected'
#: The transaction may succeed when it is tried again.
CONFLICT = 'transaction_error'

# By name, so that no storage has to be installed for it.
_AWAY_NAMES = frozenset([
    'ZEO.Exceptions.ClientDisconnected',
    'ZEO.asyncio.client.Closed',
    'relstorage.adapters.interfaces.DatabaseDisconnected',
    'relstorage.interfaces.StorageDisconnectedDuringCommit',
])
#: Errors of the operating system that pass when somebody makes room.
_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO}
_FULL_NAMES = frozenset([
    'psycopg.errors.DiskFull',
    'psycopg2.errors.DiskFull',
])
#: SQLite's text for SQLITE_FULL; Python 3.10 does not tell the code.
_SQLITE_FULL = 'database or disk is full'
#: The serial of an object that is new.
_NEW = b'\0' * 8
_CONFLICT_NAMES = frozenset([
    'transaction.interfaces.TransientError',
])


class Limits(NamedTuple):
    """How often a policy tries again; None means without end.

    :ivar away: after the database was away
    :ivar conflict: after a transaction error, all attempts counted
    :ivar interruptions: after a dispatcher died while it had the job
    """

    away: int | None
    conflict: int | None
    interruptions: int | None


def _names(error: BaseException | Failure) -> frozenset[str]:
    if isinstance(error, Failure):
        return frozenset(error.names)
    return frozenset(f'{each.__module__}.{each.__qualname__}'
                     for each in type(error).__mro__)


def kind(error: BaseException | Failure) -> str | None:
    """Return `AWAY`, `CONFLICT`, or None for any other error."""
    names = _names(error)
    # ClientDisconnected is a transient error as well.
    if names & _AWAY_NAMES:
        return AWAY
    if names & _CONFLICT_NAMES:
        return CONFLICT
    return None


def stale_id(error: BaseException | Failure) -> bool:
    """Say whether the id of a new object was given out twice.

    A ZEO server that was killed does that; see `zc.async_._perform.attempt`.
    """
    if isinstance(error, Failure):
        error = error.value
    if isinstance(error, ValueError):
        return 'already has the same oid' in str(error)
    serials = getattr(error, 'serials', None)
    return isinstance(serials, tuple) and serials[-1:] == (_NEW,)


def kind_of_commit(error: BaseException | Failure) -> str | None:
    """Return the kind of an error of a commit.

    A full disk is no fault of the job: it counts as a database that is
    away.  An id that was given out twice counts as a conflict.
    """
    if stale_id(error):
        return CONFLICT
    if _full(error):
        return AWAY
    return kind(error)


def _full(error: BaseException | Failure) -> bool:
    value = error.value if isinstance(error, Failure) else error
    if isinstance(value, OSError):
        return value.errno in _ROOM
    if _names(error) & _FULL_NAMES:
        return True
    if 'sqlite3.OperationalError' in _names(error):
        return str(value) == _SQLITE_FULL
    if 'ZEO.Exceptions.ServerException' in _names(error):
        # The class of the server's error as a text, and its arguments.
        name, args = (*getattr(value, 'args', ()), None, None)[:2]
        return name == 'builtins.OSError' and isinstance(args, tuple) and (
            args[:1] != () and args[0] in _ROOM)
    return False


def pause(count: int, first: float = 0.1, longest: float = 30.0) -> float:
    """Return the seconds to wait for a database that is away.

    :param count: how many attempts failed, from 1
    """
    return min(longest, first * 2.0 ** min(count - 1, 30))


def backoff(attempt: int, first: float, longest: float,
            factor: float = 2.0, chance: float = 1.0) -> float:
    """Return the seconds until an attempt after an ordinary error.

    :param attempt: how many attempts failed, from 1
    :param first: the wait after the first
    :param longest: the longest wait
    :param factor: how the wait grows
    :param chance: between 0 and 1; spreads jobs that failed together over
        the upper half of the wait
    """
    try:
        wait = min(longest, first * factor ** (attempt - 1))
    except OverflowError:
        wait = longest
    return wait * (0.5 + chance / 2)
