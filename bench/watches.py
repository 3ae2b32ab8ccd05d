"""Live objects beside kazoo's DataWatch: set-up, reconnect, latency, threads.

Runs against a real ZooKeeper of its own on loopback.  Each figure is the
median of several runs; both sides take turns in one run, so that a noisy
machine disturbs them alike.

    python bench/watches.py [--runs 5] [--counts 1000,10000]
"""
from __future__ import annotations

import argparse
import gc
import os
import platform
import resource
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

from kazoo.client import KazooClient
from kazoo.security import OPEN_ACL_UNSAFE

import zc.zk
from zc.zk._session.requests import Bulk
from zc.zk._session.wire import Create
from zc.zk.tests.realserver import RealServer


Row = tuple[str, str, float, float]


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    gc.collect()
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def until(condition: Callable[[], Any], seconds: float = 120.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit('a benchmark did not come to its end')
        time.sleep(0.0005)


def fill(servers: str, count: int) -> list[str]:
    """Make nodes of three properties, as many as are not there yet."""
    client = KazooClient(servers)
    client.start()
    client.ensure_path('/bench')
    paths = [f'/bench/n{i}' for i in range(count)]
    there = set(client.get_children('/bench'))
    bulk = Bulk(client)
    for batch in bulk.batches(
            Create(path, b'{"a":1,"b":"two","c":3.0}', OPEN_ACL_UNSAFE)
            for path in paths if path[7:] not in there):
        bulk.commit(batch)
    client.stop()
    client.close()
    return paths


class Ours:
    """All through one client of zc.zk."""

    name = 'zc.zk'

    def __init__(self, servers: str) -> None:
        self.zk = zc.zk.ZooKeeper(servers, 30.0)
        self.client = self.zk.client
        self.calls = 0
        self.objects: list[Any] = []

    def one_by_one(self, paths: list[str]) -> None:
        self.objects = [self.zk.properties(path)(self.called)
                        for path in paths]

    def at_once(self, paths: list[str]) -> None:
        self.objects = [each(self.called)
                        for each in self.zk.all_properties(paths)]

    def called(self, *args: Any) -> None:
        self.calls += 1

    def fresh(self) -> bool:
        return self.zk._engine.current

    def close(self) -> None:
        self.zk.close()


class Kazoo:
    """The same with kazoo's DataWatch."""

    name = 'kazoo DataWatch'

    def __init__(self, servers: str) -> None:
        self.client = CountingClient(servers, 30.0)
        self.client.start()
        self.calls = 0
        self.watches: list[Any] = []

    def one_by_one(self, paths: list[str]) -> None:
        self.watches = [self.client.DataWatch(path, self.called)
                        for path in paths]
        self.client.reads = 0

    at_once = one_by_one

    def called(self, *args: Any) -> None:
        self.calls += 1

    def fresh(self) -> bool:
        return (self.client.connected
                and self.client.reads >= len(self.watches)
                and not self.client._pending and not self.client._queue)

    def close(self) -> None:
        self.client.stop()
        self.client.close()


class CountingClient(KazooClient):      # type: ignore[misc]
    """Counts reads, to see when all watches were read again."""

    reads = 0

    def _call(self, request: Any, async_object: Any) -> Any:
        if type(request).__name__ == 'GetData':
            self.reads += 1
        return super()._call(request, async_object)


def cut(side: Any) -> None:
    """Cut the connection as a network fault does: from outside."""
    side.client._connection._socket.shutdown(2)


def run_once(
    servers: str, paths: list[str], found: dict[str, list[float]]
) -> None:
    for make in (Ours, Kazoo):
        side = make(servers)
        found.setdefault(f'{make.name}: set-up one by one', []).append(
            timed(lambda one=side.one_by_one: one(paths))[0])
        seconds, threads = reconnect(side)
        found.setdefault(f'{make.name}: fresh after reconnect', []).append(
            seconds)
        found.setdefault(f'{make.name}: threads at reconnect', []).append(
            threads)
        side.close()
    ours = Ours(servers)
    found.setdefault('zc.zk: set-up at once', []).append(
        timed(lambda: ours.at_once(paths))[0])
    ours.close()


def reconnect(side: Any) -> tuple[float, int]:
    """Return the seconds until all is fresh, and how many threads came."""
    before = most = threading.active_count()
    cut(side)
    until(lambda: not side.client.connected)
    until(lambda: side.client.connected)
    start = time.perf_counter()
    while not side.fresh():
        most = max(most, threading.active_count())
        time.sleep(0.0005)
    return time.perf_counter() - start, most - before


def latencies(servers: str, make: Any, times: int) -> list[float]:
    """Seconds from the start of a set to the callback, in one process."""
    side = make(servers)
    writer = KazooClient(servers)
    writer.start()
    side.one_by_one(['/bench/n0'])
    found = []
    until(lambda: side.calls)
    for i in range(times):
        before = side.calls
        start = time.perf_counter()
        writer.set_async('/bench/n0', b'{"i":%d}' % i)
        while side.calls == before:
            time.sleep(0)
        found.append(time.perf_counter() - start)
    writer.stop()
    writer.close()
    side.close()
    return found


def memory(servers: str, side: str, count: int) -> float:
    """KiB that each watch costs, by the growth of a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, '--memory', side, servers, str(count)],
        capture_output=True, text=True, check=True)
    return float(done.stdout)


def print_memory(side: str, servers: str, count: str) -> None:
    made = {'ours': Ours, 'kazoo': Kazoo}[side](servers)
    paths = [f'/bench/n{i}' for i in range(int(count))]
    made.at_once(paths[:10])
    before = resident()
    made.at_once(paths)
    print((resident() - before) / len(paths))
    made.close()


def resident() -> float:
    gc.collect()
    try:
        with open('/proc/self/statm') as f:
            return int(f.read().split()[1]) * resource.getpagesize() / 1024
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def compared(what: str, ours: float, theirs: float) -> str:
    return (f'| {what} | {ours * 1000:,.1f} ms | {theirs * 1000:,.1f} ms '
            f'| {theirs / ours:.1f} |')


def table(servers: str, count: int, runs: int) -> list[str]:
    paths = fill(servers, count)
    found: dict[str, list[float]] = {}
    for _ in range(runs):
        run_once(servers, paths, found)
        print('.', end='', file=sys.stderr, flush=True)
    middle = {name: statistics.median(each) for name, each in found.items()}
    kazoo = middle['kazoo DataWatch: set-up one by one']
    reconnect = 'fresh after reconnect'
    threads = 'threads at reconnect'
    return [
        compared(f'{count:,} objects, made one by one',
                 middle['zc.zk: set-up one by one'], kazoo),
        compared(f'{count:,} objects, made at once',
                 middle['zc.zk: set-up at once'], kazoo),
        compared(f'{count:,} objects, all fresh after a reconnect',
                 middle[f'zc.zk: {reconnect}'],
                 middle[f'kazoo DataWatch: {reconnect}']),
        f'| {count:,} objects, more threads at a reconnect '
        f'| {middle[f"zc.zk: {threads}"]:.0f} '
        f'| {middle[f"kazoo DataWatch: {threads}"]:.0f} | |',
        f'| {count:,} objects, memory each '
        f'| {memory(servers, "ours", count):.1f} KiB '
        f'| {memory(servers, "kazoo", count):.1f} KiB | |',
    ]


def report(servers: str, counts: list[int], runs: int) -> str:
    lines = [
        "# Live objects beside kazoo's DataWatch", '',
        f'{platform.platform()}, {os.cpu_count()} processors, Python '
        f'{platform.python_version()}, kazoo {version("kazoo")}, '
        f'zc.zk {version("zc.zk")}, Apache ZooKeeper on loopback.  '
        f'`python bench/watches.py`; medians of {runs} runs.', '',
        '| what | zc.zk | kazoo DataWatch | times as fast |',
        '|---|---|---|---|']
    for count in counts:
        lines += table(servers, count, runs)
    ours, theirs = (
        sorted(latencies(servers, make, 300)) for make in (Ours, Kazoo))
    for name, place in (('median', 150), ('99th percentile', 297)):
        lines.append(compared(f'from `set` to the callback, {name}',
                              ours[place], theirs[place]))
    return '\n'.join(lines) + '\n'


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--memory', nargs=3, help=argparse.SUPPRESS)
    parser.add_argument('--runs', type=int, default=5)
    parser.add_argument('--counts', default='1000,10000')
    parser.add_argument('--output', help='a file for the table')
    options = parser.parse_args()
    if options.memory:
        print_memory(*options.memory)
        return
    counts = [int(each) for each in options.counts.split(',')]
    with RealServer() as server:
        text = report(server.connection_string, counts, options.runs)
    print(text, end='')
    if options.output:
        with open(options.output, 'w', encoding='utf-8') as f:
            f.write(text)


if __name__ == '__main__':
    main()
