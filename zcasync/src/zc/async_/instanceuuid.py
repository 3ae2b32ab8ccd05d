"""The UUID of this instance, kept in a file, and the lock on it.

The file is named by the environment variable ``ZC_ASYNC_UUID``, or is
``uuid.txt`` in the current directory.  It is read, or made, when the UUID
is first needed, by whatever thread needs it.
"""
from __future__ import annotations

import contextlib
import fcntl
import os
import threading
import uuid
from typing import IO
from typing import Any

from zope.interface import classImplements

from .interfaces import IUUID
from .interfaces import UUIDInUseError


__all__ = ['UUID', 'getUUID', 'key', 'lock', 'path']

classImplements(uuid.UUID, IUUID)

#: The environment variable that names the file.
key = 'ZC_ASYNC_UUID'

_NOTE = """
------------------------------------------------------------------------
zc.async made this file.  The value above names this instance among the
dispatchers that work on the same database.  Each dispatcher needs a value,
and so a file, of its own.

The environment variable ZC_ASYNC_UUID names the file; without it, it is
uuid.txt in the current directory.  To get a new value, stop the dispatcher
and delete the file.
"""

_known: dict[str, uuid.UUID] = {}
_lock = threading.Lock()


def path() -> str:
    """Return the absolute path of the file."""
    return os.path.abspath(os.environ.get(key) or 'uuid.txt')


def getUUID() -> uuid.UUID:
    """Return the UUID; read or make the file when it is first needed.

    :raises ValueError: when the file holds no UUID
    """
    name = path()
    with _lock:
        if name not in _known:
            _known[name] = _read(name) or _make(name)
        return _known[name]


def _read(name: str) -> uuid.UUID | None:
    try:
        with open(name, encoding='utf-8') as stream:
            line = stream.readline().strip()
    except FileNotFoundError:
        return None
    try:
        return uuid.UUID(line)
    except ValueError:
        raise ValueError(
            f'The first line of {name} is no UUID.  Delete the file to get '
            'a new one.') from None


def _make(name: str) -> uuid.UUID:
    value = uuid.uuid4()
    temporary = f'{name}.{os.getpid()}'
    try:
        with open(temporary, 'w', encoding='utf-8') as stream:
            stream.write(f'{value}{_NOTE}')
    except OSError as e:
        raise OSError(
            e.errno, f'{e.strerror}; the UUID of this instance needs a file '
            f'that can be made, and {key} names another', name) from None
    try:
        # Unlike a rename, this does not replace the file of another
        # process that was quicker.
        os.link(temporary, name)
    except FileExistsError:
        found = _read(name)
        assert found is not None
        return found
    finally:
        os.unlink(temporary)
    return value


def lock() -> IO[str]:
    """Take the lock that proves that no other process has this UUID.

    The operating system gives it up when the process ends, however it
    ends.

    :returns: closing it gives up the lock
    :raises UUIDInUseError: when another process has it
    """
    name = path()
    stream = open(f'{name}.lock', 'a', encoding='utf-8')
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        stream.close()
        raise UUIDInUseError(name) from None
    with contextlib.suppress(OSError):
        stream.truncate(0)
        stream.write(f'{os.getpid()}\n')
        stream.flush()
    return stream


class _InstanceUUID(uuid.UUID):
    """A UUID whose value is read when it is first needed."""

    __slots__ = ()

    def __init__(self) -> None:
        # Nothing is set: `int` comes from the file.
        pass

    @property                           # type: ignore[misc]
    def int(self) -> Any:
        """The value as a number."""
        return getUUID().int

    @property                           # type: ignore[misc]
    def is_safe(self) -> Any:
        """As in `uuid.UUID`."""
        return getUUID().is_safe

    def __reduce__(self) -> Any:
        # Stored as what it is now.
        return uuid.UUID, (str(self),)

    def __copy__(self) -> uuid.UUID:
        return getUUID()

    def __deepcopy__(self, memo: Any) -> uuid.UUID:
        return getUUID()


UUID = _InstanceUUID()
