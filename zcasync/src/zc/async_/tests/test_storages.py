"""The tests of queues and dispatchers, once more on other storages.

One server of each kind is started for all of them; each test has an empty
database.
"""
from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from typing import Any

import psycopg2
import relstorage.adapters.postgresql
import relstorage.adapters.sqlite.adapter
import relstorage.options
import relstorage.storage
import transaction
import ZEO
import ZODB

from zc.async_.dispatcher import Dispatcher
from zc.async_.job import Job
from zc.async_.tests import base
from zc.async_.tests import postgres
from zc.async_.tests import sample
from zc.async_.tests import test_agent
from zc.async_.tests import test_dispatcher
from zc.async_.tests import test_job
from zc.async_.tests import test_life
from zc.async_.tests import test_putting
from zc.async_.tests import test_queue
from zc.async_.tests.perform import test_fence
from zc.async_.tests.perform import test_follow
from zc.async_.tests.perform import test_perform
from zc.async_.tests.processes import Process
from zc.async_.tests.processes import connected
from zc.async_.tests.processes import free_port
from zc.async_.tests.stored import test_members
from zc.async_.tests.stored import test_schedules
from zc.async_.tests.work import test_handover


CASES = [
    test_agent.Agents,
    test_dispatcher.Composed,
    test_dispatcher.Running,
    test_dispatcher.Work,
    test_fence.Fence,
    test_job.Again,
    test_job.Direct,
    test_life.Life,
    test_life.Several,
    test_members.Members,
    test_follow.Callbacks,
    test_perform.Calls,
    test_perform.Insisting,
    test_perform.Retries,
    test_putting.Puts,
    test_putting.Quotas,
    test_putting.Unique,
    test_queue.Order,
    test_queue.Races,
    test_queue.Records,
    test_handover.Early,
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


def grow(test: int, number: int, counter: sample.Counter) -> int:
    """A job that waits for its test, and whose effect takes room."""
    base.wait_for_go(test)
    sample.noted.append(number)
    counter.text = os.urandom(20_000)
    counter.add()
    return number


class FullDisk(base.DispatcherCase):
    """Dispatchers that find no room for what they write."""

    def setUp(self) -> None:
        super().setUp()
        sample.noted.clear()
        self.logged = self.logs()
        self.counters = self.root['counters'] = [
            sample.Counter() for _ in range(8)]
        transaction.commit()

    def fill(self) -> None:
        """Let the disk be full."""
        raise NotImplementedError

    def make_room(self) -> None:
        """Undo `fill`."""
        raise NotImplementedError

    def put_all(self) -> list[Any]:
        jobs = [self.queue.put(Job(grow, id(self), number, counter))
                for number, counter in enumerate(self.counters)]
        transaction.commit()
        return jobs

    def check(self, jobs: list[Any]) -> None:
        """Each job ended once, and none failed."""
        self.assertEqual(list(range(8)), [self.result(job) for job in jobs])
        self.assertEqual([1] * 8, [each.value for each in self.counters])
        self.assertFalse(self.queue.dead)
        self.wait(lambda: not any(self.agents(self.dispatcher).values()))

    def test_results(self) -> None:
        """Jobs whose results find no room are done when there is some."""
        self.dispatcher = self.start()
        jobs = self.put_all()
        self.wait_for_job()
        self.fill()
        self.go.set()
        self.wait(lambda: len(sample.noted) > len(set(sample.noted)))
        self.make_room()
        self.check(jobs)

    def test_claims(self) -> None:
        """A dispatcher that finds no room for its claims tries again."""
        jobs = self.put_all()
        self.go.set()
        self.fill()
        self.dispatcher = Dispatcher(self.db, poll_interval=0.1)
        self.dispatcher.activate()
        self.addCleanup(self.stop, self.dispatcher)
        # Small changes may have room still.
        self.wait(lambda: 'polls in a row failed' in str(self.logged)
                  or len(sample.noted) > len(set(sample.noted)))
        self.make_room()
        self.check(jobs)


class FullDiskOnSQLite(OnSQLite, FullDisk):

    PAGES = 300

    def adapter(self, options: Any) -> Any:
        return relstorage.adapters.sqlite.adapter.Sqlite3Adapter(
            self.path('sqlite'), pragmas={'max_page_count': self.PAGES},
            options=options)

    def connect(self) -> Any:
        connection = sqlite3.connect(
            self.path('sqlite/main.sqlite3'), timeout=base.SECONDS,
            isolation_level=None)
        self.addCleanup(connection.close)
        connection.execute(f'pragma max_page_count={self.PAGES}')
        return connection

    def fill(self) -> None:
        connection = self.connect()
        connection.execute('create table filler (it)')
        for size in 100_000, 10_000, 1_000, 100:
            with contextlib.suppress(sqlite3.OperationalError):
                while True:
                    connection.execute(
                        'insert into filler values (zeroblob(?))', (size,))

    def make_room(self) -> None:
        self.connect().execute('delete from filler')


class FullDiskOnPostgreSQL(OnPostgreSQL, FullDisk):
    """The server says what it says when its disk is full."""

    def open_database(self) -> Any:
        self.dsn = PostgreSQLLayer.server.create()
        options = relstorage.options.Options(
            cache_local_dir=None, keep_history=False)
        storage = relstorage.storage.RelStorage(
            self.adapter(options), options=options)
        self.execute(
            'create table disk_full (it int)',
            'create function check_disk() returns trigger '
            'language plpgsql as $$ begin '
            'if exists (select from disk_full) then '
            "raise exception 'No space left on device' "
            "using errcode = 'disk_full'; end if; return new; end $$",
            'create trigger check_disk before insert or update '
            'on object_state for each row execute function check_disk()')
        return ZODB.DB(storage)

    def adapter(self, options: Any) -> Any:
        return relstorage.adapters.postgresql.PostgreSQLAdapter(
            dsn=self.dsn, options=options)

    def execute(self, *statements: str) -> None:
        connection = psycopg2.connect(
            self.dsn, options='-c lock_timeout=30s')
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)
        finally:
            connection.close()

    def fill(self) -> None:
        self.execute('insert into disk_full values (1)')

    def make_room(self) -> None:
        self.execute('delete from disk_full')


# The cases alone are no tests.
del FullDisk


def _classes() -> dict[str, Any]:
    found = {}
    for storage in OnZEO, OnSQLite, OnPostgreSQL:
        for case in CASES:
            name = f'{case.__name__}{storage.__name__}'
            found[name] = type(name, (storage, case),
                               {'__module__': __name__})
    return found


globals().update(_classes())
