"""The database of a command: a zope.conf, a ZEO server, or a file.

Runs in the main thread.  It must not know what the command does.
"""
from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import Any

import transaction
import zope.component

from .. import configure
from ..adapters import connection as connection_of
from ..interfaces import KEY
from ..interfaces import IJob
from ..queue import check_format
from . import zopeconf


__all__ = ['CommandMistake', 'find_job', 'opened', 'queues_of']

#: The environment variable for the option --database.
VARIABLE = 'ZC_ASYNC_DATABASE'
#: Seconds that a command waits for a ZEO server.
SERVER = 10


class CommandMistake(Exception):
    """What is wrong with a command, in a sentence."""


def open_database(name: str, looks: bool = False) -> Any:
    """Open a database.

    :param name: the path of a zope.conf, ``zeo://HOST:PORT``, or the path of
        a file storage that exists
    :param looks: whether it is only looked at; a file storage is then opened
        for reading, which works while another process has it
    :raises CommandMistake: when there is none
    """
    import zc.lockfile
    import ZODB.FileStorage
    if name.startswith('zeo://'):
        host, colon, port = name[len('zeo://'):].rpartition(':')
        if not colon or not (port.isascii() and port.isdigit()):
            raise CommandMistake(f'{name} names no server: write '
                               'zeo://HOST:PORT.')
        import ZEO
        return ZODB.DB(ZEO.client(
            (host.strip('[]') or 'localhost', int(port)),
            wait_timeout=SERVER))
    if not os.path.isfile(name):
        raise CommandMistake(f'There is no file {name}.')
    with open(name, 'rb') as stream:
        magic = stream.read(2)
    try:
        if magic == b'FS':
            zopeconf.check_file(name)
            return ZODB.DB(ZODB.FileStorage.FileStorage(
                name, read_only=looks))
        config = zopeconf.read(name)
        zopeconf.keep_files(config, looks)
        sys.path[:0] = config.path
        return zopeconf.open_databases(config)
    except zc.lockfile.LockError:
        raise CommandMistake(
            f'Another process has the file storage of {name} open, and only '
            'one can write to it.  Stop that process, or serve the file by '
            'ZEO.') from None


@contextlib.contextmanager
def opened(name: str | None, looks: bool = False) -> Iterator[Any]:
    """Open a database for a command; yield a connection.

    :param looks: see `open_database`
    """
    name = name or os.environ.get(VARIABLE)
    if not name:
        raise CommandMistake(
            f'Name the database, by --database or {VARIABLE}: the path of a '
            'zope.conf or of a file storage, or zeo://HOST:PORT.')
    # A command is no instance of the application, and makes no UUID file.
    configure.adapters()
    zope.component.provideAdapter(connection_of)
    db = open_database(name, looks)
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

    :raises CommandMistake: when there is none
    """
    queues = connection.root().get(KEY)
    if queues is None:
        raise CommandMistake(
            'The database has no queues.  "zcasync run" or a QueueInstaller '
            'makes them.')
    check_format(queues)
    if name is None:
        return dict(queues)
    if name not in queues:
        raise CommandMistake(f'There is no queue {name!r}.')
    return {name: queues[name]}


def find_job(connection: Any, text: str) -> Any:
    """Return a job by its number.

    :param text: the number, or the number and the name of the database
        with a colon between
    :raises CommandMistake: when there is no such job
    """
    number, _, name = text.partition(':')
    if not (number.isascii() and number.isdigit()):
        raise CommandMistake(f'{text!r} is no number of a job.')
    queues = connection.root().get(KEY)
    place = queues._p_jar if queues is not None else connection
    try:
        if name:
            place = connection.get_connection(name)
        job = place.get(int(number).to_bytes(8, 'big'))
        job._p_activate()
    except (KeyError, OverflowError):
        job = None
    if not IJob.providedBy(job):
        raise CommandMistake(f'There is no job {text}.')
    return job
