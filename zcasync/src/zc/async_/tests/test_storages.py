"""The tests of queues and dispatchers, once more on other storages.

One server of each kind is started for all of them; each test has an empty
database.
"""
from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from typing import Any

import relstorage.adapters.postgresql
import relstorage.adapters.sqlite.adapter
import relstorage.options
import relstorage.storage
import ZEO
import ZODB

from zc.async_.tests import postgres
from zc.async_.tests import test_agent
from zc.async_.tests import test_dispatcher
from zc.async_.tests import test_job
from zc.async_.tests import test_queue
from zc.async_.tests.perform import test_fence
from zc.async_.tests.perform import test_perform
from zc.async_.tests.processes import Process
from zc.async_.tests.processes import connected
from zc.async_.tests.processes import free_port
from zc.async_.tests.stored import test_members
from zc.async_.tests.stored import test_schedules


CASES = [
    test_agent.Agents,
    test_dispatcher.Composed,
    test_dispatcher.Life,
    test_dispatcher.Running,
    test_dispatcher.Several,
    test_dispatcher.Work,
    test_fence.Fence,
    test_job.Again,
    test_job.Direct,
    test_members.Members,
    test_perform.Callbacks,
    test_perform.Calls,
    test_perform.Insisting,
    test_perform.Retries,
    test_queue.Order,
    test_queue.Puts,
    test_queue.Quotas,
    test_queue.Races,
    test_queue.Records,
    test_queue.Unique,
    test_schedules.Schedules,
]


class ZEOLayer:
    """A ZEO server with more storages than there are tests."""

    COUNT = 250
    server: Process
    port: int
    directory: str
    used: int

    @classmethod
    def setUp(cls) -> None:
        cls.directory = tempfile.mkdtemp()
        cls.port = free_port()
        cls.used = 0
        path = os.path.join(cls.directory, 'zeo.conf')
        with open(path, 'w', encoding='utf-8') as stream:
            stream.write(f'<zeo>\n  address 127.0.0.1:{cls.port}\n</zeo>\n')
            for number in range(cls.COUNT):
                stream.write(f'<filestorage {number}>\n  path '
                             f'{cls.directory}/{number}.fs\n</filestorage>\n')
        cls.server = Process(
            'zeo', cls.directory, '-m', 'ZEO.runzeo', '-C', path)
        connected(cls.port)

    @classmethod
    def tearDown(cls) -> None:
        cls.server.end()
        shutil.rmtree(cls.directory)


class PostgreSQLLayer:
    """A PostgreSQL server, with one database that is emptied."""

    server: postgres.Server
    dsn: str

    @classmethod
    def setUp(cls) -> None:
        cls.server = postgres.Server()
        cls.dsn = cls.server.create()

    @classmethod
    def tearDown(cls) -> None:
        cls.server.stop()


class OnZEO:
    """A test whose database is on a ZEO server."""

    level = 2
    layer = ZEOLayer

    def open_database(self) -> Any:
        number = ZEOLayer.used
        ZEOLayer.used += 1
        return ZODB.DB(ZEO.client(
            ('127.0.0.1', ZEOLayer.port), storage=str(number),
            wait_timeout=60))


class OnRelStorage:
    """A test whose database is in a relational one, by RelStorage.

    It has no history, as is usual there, and no cache on the disk.
    """

    level = 2
    # Without a history, nothing tells how many commits there were.
    test_two_commits = None

    def adapter(self, options: Any) -> Any:
        raise NotImplementedError

    def open_database(self) -> Any:
        options = relstorage.options.Options(
            cache_local_dir=None, keep_history=False)
        storage = relstorage.storage.RelStorage(
            self.adapter(options), options=options)
        storage.zap_all(reset_oid=True)
        return ZODB.DB(storage)


class OnSQLite(OnRelStorage):
    """A test whose database is a file of SQLite."""

    path: Callable[[str], str]

    def adapter(self, options: Any) -> Any:
        return relstorage.adapters.sqlite.adapter.Sqlite3Adapter(
            self.path('sqlite'), pragmas={}, options=options)


class OnPostgreSQL(OnRelStorage):
    """A test whose database is on a PostgreSQL server."""

    layer = PostgreSQLLayer

    def adapter(self, options: Any) -> Any:
        return relstorage.adapters.postgresql.PostgreSQLAdapter(
            dsn=PostgreSQLLayer.dsn, options=options)


def _classes() -> dict[str, Any]:
    found = {}
    for storage in OnZEO, OnSQLite, OnPostgreSQL:
        for case in CASES:
            name = f'{case.__name__}{storage.__name__}'
            found[name] = type(name, (storage, case),
                               {'__module__': __name__})
    return found


globals().update(_classes())
