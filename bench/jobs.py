"""How many jobs zc.async does in a second, and how soon it starts one.

Jobs that do nothing, in one to four processes of four threads each, on a
ZEO server and on PostgreSQL; on a FileStorage, which one process opens, as
many dispatchers in one.  Beside it Procrastinate on the same PostgreSQL
server, and Huey on SQLite.  All servers are started here, on loopback.
"""
from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import transaction
import ZODB.DB
import ZODB.FileStorage


THREADS = 4
COUNTS = 1, 2, 4
#: Seconds that anything may take before it is given up.
SECONDS = 300.0


def no_op() -> None:
    """The job."""


def processor_seconds() -> float:
    """Return the processor time that this process has used."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def open_database(kind: str, place: str) -> Any:
    """Open a database of zc.async.

    :param kind: FileStorage, ZEO or PostgreSQL
    :param place: its path, its port, or how to connect
    """
    if kind == 'FileStorage':
        return ZODB.DB(ZODB.FileStorage.FileStorage(place))
    if kind == 'ZEO':
        import ZEO
        return ZODB.DB(ZEO.client(('127.0.0.1', int(place)),
                                  wait_timeout=SECONDS))
    import relstorage.adapters.postgresql
    import relstorage.options
    import relstorage.storage
    options = relstorage.options.Options(
        cache_local_dir=None, keep_history=False)
    return ZODB.DB(relstorage.storage.RelStorage(
        relstorage.adapters.postgresql.PostgreSQLAdapter(
            dsn=place, options=options), options=options))


def start_dispatcher(db: Any, zk: str = '') -> Any:
    """Start a dispatcher, and return it when it is active."""
    import zope.component

    import zc.zk
    from zc.async_ import testing
    from zc.async_.dispatcher import Dispatcher
    from zc.async_.subscribers import AgentInstaller
    from zc.async_.zookeeper import Presence
    zope.component.provideHandler(AgentInstaller('main', size=THREADS))
    dispatcher = Dispatcher(db, uuid=uuid.uuid4())
    if zk:
        dispatcher.presence = Presence(
            zc.zk.ZooKeeper(zk, session_timeout=2), '/jobs')
    dispatcher.activate()
    testing.get_poll(dispatcher, 0)
    return dispatcher


def spent(dispatchers: list[Any], before: float) -> dict[str, float]:
    """Return what dispatchers of this process used, and their conflicts."""
    members = [member for dispatcher in dispatchers
               for member in dispatcher._members.values()]
    return {'processor': processor_seconds() - before,
            'claims': sum(member.claims for member in members),
            'conflicts': sum(member.conflicts for member in members)}


def worker(kind: str, place: str, zk: str = '') -> None:
    """Be a dispatcher until the standard input is closed."""
    from zc.async_ import configure
    configure.base()
    db = open_database(kind, place)
    dispatcher = start_dispatcher(db, zk)
    print('ready', flush=True)
    sys.stdin.readline()
    before = processor_seconds()
    print('go', flush=True)
    sys.stdin.readline()
    print(json.dumps(spent([dispatcher], before)), flush=True)
    dispatcher.deactivate()
    db.close()


class Worker:
    """A process that is started from this file, and talks by lines."""

    def __init__(self, *args: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, __file__, '--worker', *args],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.read()

    def read(self) -> str:
        """Return the next line that it says."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError('a worker ended')
        return line

    def say(self) -> str:
        """Say an empty line, and return the answer."""
        assert self.process.stdin is not None
        self.process.stdin.write('\n')
        self.process.stdin.flush()
        return self.read()

    def end(self) -> None:
        """Wait until it has ended."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(SECONDS)


@contextmanager
def queue_on(kind: str, place: str) -> Iterator[tuple[Any, Any, Any]]:
    """Give a database with a queue, a connection, and the queue."""
    import zope.component.testing

    from zc.async_ import configure
    from zc.async_.interfaces import KEY
    from zc.async_.interfaces import DatabaseOpened
    from zc.async_.subscribers import QueueInstaller
    zope.component.testing.setUp()
    configure.base()
    db = open_database(kind, place)
    QueueInstaller()(DatabaseOpened(db))
    connection = db.open()
    try:
        yield db, connection, connection.root()[KEY]['']
    finally:
        transaction.abort()
        connection.close()
        db.close()
        zope.component.testing.tearDown()


def seconds_of(moment: Any) -> float:
    """Return a time as seconds since 1970."""
    return float(moment.timestamp())


def wait_for(jobs: list[Any]) -> float:
    """Wait until jobs are done; return when the last one was."""
    from zc.async_.interfaces import COMPLETED
    left = list(jobs)
    until = time.monotonic() + SECONDS
    while left:
        transaction.begin()
        # Only the last is looked at until it is there: a look costs.
        while left and left[-1].status == COMPLETED:
            left.pop()
        if time.monotonic() > until:
            raise RuntimeError(f'{len(left)} jobs are left')
        if left:
            time.sleep(0.05)
    return max(seconds_of(job.active_end) for job in jobs)


def throughput(kind: str, place: str, count: int, jobs: int,
               zk: str = '') -> dict[str, float]:
    """Have dispatchers do jobs; return what it took.

    :param count: how many dispatchers
    :param jobs: how many jobs
    """
    with queue_on(kind, place) as (db, connection, queue):
        own: list[Any] = []
        workers: list[Worker] = []
        if kind == 'FileStorage':
            own = [start_dispatcher(db) for _ in range(count)]
        else:
            workers = [Worker(kind, place, *[zk] * bool(zk))
                       for _ in range(count)]
        before = processor_seconds()
        for each in workers:
            each.say()
        put = [queue.put(no_op) for _ in range(jobs)]
        transaction.commit()
        began = time.time()
        took = wait_for(put) - began
        found = [json.loads(each.say()) for each in workers]
        if own:
            found = [spent(own, before)]
        for dispatcher in own:
            dispatcher.deactivate()
        for each in workers:
            each.end()
        claims = sum(each['claims'] for each in found)
        return {
            'rate': jobs / took,
            'processor': sum(each['processor'] for each in found) / jobs,
            'claim': jobs / max(1, claims),
            'conflicts': sum(each['conflicts'] for each in found)
            / max(1, claims)}


def puts(kind: str, place: str, jobs: int) -> float:
    """Return how many jobs are put in a second, each in a transaction."""
    with queue_on(kind, place) as (db, connection, queue):
        began = time.monotonic()
        for _ in range(jobs):
            queue.put(no_op)
            transaction.commit()
        took = time.monotonic() - began
        while queue:
            queue.pull()
            transaction.commit()
        return jobs / took


def floor(kind: str, place: str, threads: int, commits: int) -> float:
    """Return how many bare commits there are in a second: each thread of
    this process changes an object of its own, on a connection of its own.
    """
    import persistent.mapping

    def work(name: str) -> None:
        manager = transaction.TransactionManager(explicit=True)
        connection = db.open(manager)
        for number in range(commits // threads):
            with manager:
                connection.root()[name]['number'] = number
        connection.close()

    with queue_on(kind, place) as (db, connection, queue):
        names = [f'bare{number}' for number in range(threads)]
        for name in names:
            connection.root()[name] = persistent.mapping.PersistentMapping()
        transaction.commit()
        workers = [threading.Thread(target=work, args=[name])
                   for name in names]
        began = time.monotonic()
        for each in workers:
            each.start()
        for each in workers:
            each.join(SECONDS)
        return commits / (time.monotonic() - began)


def latency(kind: str, place: str, jobs: int, zk: str = '') -> list[float]:
    """Put jobs one by one; return how long each took to start, in seconds.
    """
    with queue_on(kind, place) as (db, connection, queue):
        one = Worker(kind, place, *[zk] * bool(zk))
        told = tell_by(zk) if zk else None
        found = []
        try:
            for _ in range(jobs):
                job = queue.put(no_op)
                transaction.commit()
                began = time.time()
                wait_for([job])
                found.append(seconds_of(job.active_start) - began)
        finally:
            if told is not None:
                told.close()
        one.say()
        one.say()
        one.end()
        return found


def tell_by(zk: str) -> Any:
    """Wake dispatchers by ZooKeeper when this process puts jobs."""
    import zc.zk
    from zc.async_.zookeeper import Waker

    class Told:
        def __init__(self) -> None:
            self.zk = zc.zk.ZooKeeper(zk)
            self.waker = Waker(self.zk, '/jobs')

        def close(self) -> None:
            self.waker.close()
            self.zk.close()

    return Told()


def hold() -> None:
    """A job that lasts until its process dies."""
    threading.Event().wait(SECONDS)


def take_over(kind: str, place: str, zk: str) -> float:
    """Kill a dispatcher; return when a sibling started its job again."""
    from zc.async_.interfaces import ACTIVE
    from zc.async_.testing import wait_until
    with queue_on(kind, place) as (db, connection, queue):
        first = Worker(kind, place, zk)
        job = queue.put(hold)
        transaction.commit()
        wait_until(lambda: job.status == ACTIVE, 'it never started', SECONDS)
        token = job.token
        second = Worker(kind, place, zk)
        first.process.kill()
        began = time.monotonic()
        first.process.wait(SECONDS)
        wait_until(lambda: job.status == ACTIVE and job.token != token,
                   'nobody took over', SECONDS)
        took = time.monotonic() - began
        second.process.kill()
        second.process.wait(SECONDS)
        return took


# Procrastinate

def procrastinate_app(dsn: str) -> Any:
    """Return an application with a task that does nothing."""
    import procrastinate
    app = procrastinate.App(
        connector=procrastinate.PsycopgConnector(conninfo=dsn))

    @app.task(name='no_op')
    async def task(put: float) -> None:
        if put:
            print(time.time() - put, flush=True)

    return app


def procrastinate_worker(dsn: str) -> None:
    """Be a worker of Procrastinate until a signal comes."""
    app = procrastinate_app(dsn)

    async def main() -> None:
        async with app.open_async():
            await app.run_worker_async(concurrency=THREADS)

    print('ready', flush=True)
    before = processor_seconds()
    asyncio.run(main())
    print(json.dumps(processor_seconds() - before), flush=True)


def procrastinate(dsn: str, count: int, jobs: int) -> dict[str, float]:
    """Have workers of Procrastinate do jobs; return what it took."""
    app = procrastinate_app(dsn)

    async def main() -> dict[str, float]:
        async with app.open_async():
            with_schema = await app.connector.execute_query_one_async(
                "select to_regclass('procrastinate_jobs') is not null as it")
            if not with_schema['it']:
                await app.schema_manager.apply_schema_async()
            workers = [Worker('procrastinate', dsn) for _ in range(count)]
            # They are at work when each has done something.
            await app.configure_task('no_op').defer_async(put=0)
            await drained()
            began = time.time()
            await app.configure_task('no_op').batch_defer_async(
                *({'put': 0} for _ in range(jobs)))
            await drained()
            took = time.time() - began
            processor = 0.0
            for each in workers:
                each.process.send_signal(signal.SIGTERM)
                processor += float(each.read())
                each.end()
            return {'rate': jobs / took, 'processor': processor / jobs}

    async def drained() -> None:
        while (await app.connector.execute_query_one_async(
                'select count(*) as n from procrastinate_jobs '
                "where status in ('todo', 'doing')"))['n']:
            await asyncio.sleep(0.05)

    return asyncio.run(main())


def procrastinate_latency(dsn: str, jobs: int) -> list[float]:
    """Put jobs one by one; return how long each took to start."""
    app = procrastinate_app(dsn)

    async def main() -> list[float]:
        found = []
        async with app.open_async():
            one = Worker('procrastinate', dsn)
            for number in range(jobs + 1):
                await app.configure_task('no_op').defer_async(put=time.time())
                took = float(await asyncio.to_thread(one.read))
                if number:
                    found.append(took)
            one.process.send_signal(signal.SIGTERM)
            one.read()
            one.end()
        return found

    return asyncio.run(main())


# Huey

def huey(directory: str, jobs: int) -> dict[str, float]:
    """Have a consumer of Huey with four threads do jobs."""
    import huey as huey_
    queue = huey_.SqliteHuey(filename=os.path.join(directory, 'huey.db'))
    done = threading.Semaphore(0)

    @queue.task()   # type: ignore[untyped-decorator]
    def task() -> None:
        done.release()

    consumer = queue.create_consumer(workers=THREADS, initial_delay=0.01,
                                     max_delay=0.05)
    for _ in range(jobs):
        task()
    before = processor_seconds()
    began = time.monotonic()
    consumer.start()
    for _ in range(jobs):
        done.acquire(timeout=SECONDS)
    took = time.monotonic() - began
    processor = processor_seconds() - before
    consumer.stop(graceful=True)
    return {'rate': jobs / took, 'processor': processor / jobs}


# The run

class Places:
    """Servers, and empty databases on them."""

    def __init__(self, directory: str) -> None:
        import zc.zk.testing
        from zc.async_.tests import postgres
        self.directory = directory
        self.postgres = postgres.Server()
        self.zk = zc.zk.testing.Server()
        self.zk.start()
        self._zeo: list[Any] = []
        self._count = 0
        with zc.zk.ZooKeeper(self.zk.connection_string) as zk:
            zk.import_tree('/jobs\n')

    def new(self, kind: str) -> str:
        """Return an empty place for a kind of storage."""
        from zc.async_.tests import processes
        self._count += 1
        if kind == 'PostgreSQL':
            return self.postgres.create()
        directory = os.path.join(self.directory, str(self._count))
        os.mkdir(directory)
        if kind == 'FileStorage':
            return os.path.join(directory, 'data.fs')
        server = processes.Server(directory)
        server.open().close()
        self._zeo.append(server)
        return str(server.port)

    def close(self) -> None:
        """Stop all servers."""
        for server in self._zeo:
            server.end()
        self.zk.stop()
        self.postgres.stop()


def milliseconds(values: list[float]) -> str:
    """Return the median and the longest."""
    return (f'{statistics.median(values) * 1000:.0f} ms | '
            f'{max(values) * 1000:.0f} ms')


def repeated(run: Callable[[], dict[str, float]], times: int
             ) -> dict[str, float]:
    """Return the run with the median rate."""
    found = sorted((run() for _ in range(times)),
                   key=lambda each: each['rate'])
    return found[len(found) // 2]


def report(places: Places, options: argparse.Namespace) -> None:
    """Measure, and print tables."""
    jobs, times = options.jobs, options.times
    print('## Jobs\n')
    print(f'No-op jobs with {THREADS} threads in each process; medians of '
          f'{times} runs with {jobs} jobs.  The processor time is that of the '
          'processes which do the jobs, without the server.\n')
    print('| what | dispatchers | jobs/s | processor, ms a job | jobs a claim '
          '| conflicts a claim |')
    print('|---|---|---|---|---|---|')
    for kind in options.kinds:
        for count in COUNTS:
            found = repeated(lambda kind=kind, count=count: throughput(
                kind, places.new(kind), count, jobs), times)
            print(f"| zc.async, {kind} | {count} | {found['rate']:.0f} | "
                  f"{found['processor'] * 1000:.2f} | {found['claim']:.1f} | "
                  f"{found['conflicts']:.3f} |", flush=True)
    if options.peers:
        dsn = places.new('PostgreSQL')
        for count in COUNTS:
            found = repeated(lambda count=count: procrastinate(
                dsn, count, jobs), times)
            print(f"| Procrastinate, PostgreSQL | {count} | "
                  f"{found['rate']:.0f} | {found['processor'] * 1000:.2f} "
                  '| | |', flush=True)
        found = repeated(lambda: huey(places.directory, jobs), times)
        print(f"| Huey, SQLite | 1 | {found['rate']:.0f} | "
              f"{found['processor'] * 1000:.2f} | | |", flush=True)
    print('\nThe floor: bare commits of one small object, by one process.  A '
          'job that does nothing needs one commit, and its share of that of '
          'a claim.\n')
    print('| in a second | jobs put alone | bare commits, 1 thread | '
          f'{THREADS} threads |\n|---|---|---|---|')
    for kind in options.kinds:
        print(f'| {kind} | {puts(kind, places.new(kind), jobs):.0f} | '
              + ' | '.join(
                  f'{floor(kind, places.new(kind), threads, jobs):.0f}'
                  for threads in (1, THREADS)) + ' |', flush=True)
    print('\n| from the commit of the put to the start | median | longest |')
    print('|---|---|---|')
    for kind in options.kinds:
        if kind == 'FileStorage':
            continue
        for zk in '', places.zk.connection_string:
            how = 'zc.zk' if zk else 'looking'
            print(f'| {kind}, by {how} | ' + milliseconds(latency(
                kind, places.new(kind), options.latency, zk)) + ' |',
                flush=True)
    if options.peers:
        print('| Procrastinate, PostgreSQL | ' + milliseconds(
            procrastinate_latency(dsn, options.latency)) + ' |', flush=True)
    took = [take_over('ZEO', places.new('ZEO'), places.zk.connection_string)
            for _ in range(times)]
    print('\nAfter kill -9 of a dispatcher whose session lasts 2 s, a sibling '
          f'started its job again within {max(took):.1f} s '
          f'(median {statistics.median(took):.1f} s).')


def main() -> None:
    parser = argparse.ArgumentParser(
        description=(__doc__ or '').splitlines()[0])
    parser.add_argument('--worker', nargs='+', help=argparse.SUPPRESS)
    parser.add_argument('--jobs', type=int, default=1000)
    parser.add_argument('--times', type=int, default=3)
    parser.add_argument('--latency', type=int, default=50)
    parser.add_argument('--kinds', nargs='+',
                        default=['FileStorage', 'ZEO', 'PostgreSQL'])
    parser.add_argument('--no-peers', dest='peers', action='store_false')
    options = parser.parse_args()
    # Conflicts are counted, not told.
    logging.disable(logging.CRITICAL)
    if options.worker:
        if options.worker[0] == 'procrastinate':
            procrastinate_worker(options.worker[1])
        else:
            worker(*options.worker)
        return
    with tempfile.TemporaryDirectory() as directory:
        places = Places(directory)
        try:
            report(places, options)
        finally:
            places.close()


if __name__ == '__main__':
    main()
