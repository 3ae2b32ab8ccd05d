"""The database of a command: a zope.conf, a ZEO server, or a file."""
from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Any

import transaction

from .. import configure
from ..interfaces import KEY
from ..interfaces import FormatError
from ..interfaces import IJob
from . import zopeconf


__all__ = ['CommandMistake', 'find_job', 'opened', 'queues_of']

#: The environment variable for the option --database.
VARIABLE = 'ZC_ASYNC_DATABASE'


class CommandMistake(Exception):
    """What is wrong with a command, in a sentence."""


def open_database(name: str) -> Any:
    """Open a database.

    :param name: the path of a zope.conf, ``zeo://HOST:PORT``, or the path of
        a file storage that exists
    :raises CommandError: when there is none
    """
    import ZODB
    if name.startswith('zeo://'):
        host, colon, port = name[len('zeo://'):].rpartition(':')
        if not colon or not (port.isascii() and port.isdigit()):
            raise CommandMistake(f'{name} names no server: write '
                               'zeo://HOST:PORT.')
        import ZEO
        return ZODB.DB(ZEO.client(
            (host.strip('[]') or 'localhost', int(port)), wait_timeout=30))
    if not os.path.isfile(name):
        raise CommandMistake(f'There is no file {name}.')
    with open(name, 'rb') as stream:
        magic = stream.read(4)
    if magic == b'FS21':
        raise FormatError(f'{name} is a database of Python 2')
    if magic[:2] == b'FS':
        return ZODB.DB(name)
    return zopeconf.open_databases(zopeconf.read(name))


@contextlib.contextmanager
def opened(name: str | None) -> Iterator[Any]:
    """Open a database for a command; yield a connection."""
    name = name or os.environ.get(VARIABLE)
    if not name:
        raise CommandMistake(
            f'Name the database, by --database or {VARIABLE}: the path of a '
            'zope.conf or of a file storage, or zeo://HOST:PORT.')
    configure.base()
    db = open_database(name)
    try:
        connection = db.open()
        try:
            yield connection
        finally:
            transaction.abort()
            connection.close()
    finally:
        for each in list(db.databases.values()) or [db]:
            each.close()


def queues_of(connection: Any, name: str | None = None) -> dict[str, Any]:
    """Return the queues by name, or the one of a name.

    :raises CommandError: when there is none
    """
    queues = connection.root().get(KEY)
    if queues is None:
        raise CommandMistake('The database has no queues.')
    if getattr(queues, 'format', None) != 2:
        raise FormatError(f'The database has a key {KEY!r} of zc.async 1.5')
    if name is None:
        return dict(queues)
    if name not in queues:
        raise CommandMistake(f'There is no queue {name!r}.')
    return {name: queues[name]}


def find_job(connection: Any, text: str) -> Any:
    """Return a job by its number.

    :param text: the number, or the number and the name of the database
        with a colon between
    :raises CommandError: when there is no such job
    """

    number, _, name = text.partition(':')
    if not (number.isascii() and number.isdigit()):
        raise CommandMistake(f'{text!r} is no number of a job.')
    queues = connection.root().get(KEY)
    place = queues._p_jar if queues is not None else connection
    if name:
        place = connection.get_connection(name)
    try:
        job = place.get(int(number).to_bytes(8, 'big'))
        job._p_activate()
    except (KeyError, OverflowError):
        job = None
    if not IJob.providedBy(job):
        raise CommandMistake(f'There is no job {text}.')
    return job
