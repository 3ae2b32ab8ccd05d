"""Following a service: what a change costs one client, and a fleet.

The first table: clients follow services of different sizes, each in a
process of its own, while one server after another goes and comes back.  CPU
and bytes are those of the client, for each change.  The time is from the
beginning of the write to the callback.

The second table: many sessions, raw sockets in one process, follow one
service while servers restart.  One kind has a persistent recursive watch and
reads the node that changed; the other has a child watch and lists again.
Each change is waited for until all sessions know of it.

    python bench/fleet.py [--counts 100,1000] [--sessions 2000] [--size 5000]

Curator takes part where Debian's libcurator-discovery-java,
libcurator-recipes-java and a Java compiler are.
"""
from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Iterator
from contextlib import ExitStack
from contextlib import contextmanager
from typing import Any
from typing import NamedTuple

import _crowd
import _curator
from kazoo.client import KazooClient
from kazoo.protocol.connection import ConnectionHandler
from kazoo.security import OPEN_ACL_UNSAFE

import zc.zk
from zc.zk._session.requests import Bulk
from zc.zk._session.wire import Create
from zc.zk._session.wire import Delete
from zc.zk.tests.realserver import RealServer


#: Seconds between two changes of one service.
PAUSE = 0.005
#: Changes before those that count.
WARM_UP = 20
SIDES = ('zc.zk', 'child watches', 'ChildrenWatch', 'Curator')


def name_of(number: int) -> str:
    """Return the name of a server's node, of 17 bytes."""
    return f'10.{number // 250:03}.{number % 250:03}.1:8080'


def fill(client: KazooClient, path: str, nodes: dict[str, bytes]) -> None:
    """Make a service with these servers."""
    client.ensure_path(path)
    bulk = Bulk(client)
    for batch in bulk.batches(
            Create(f'{path}/{name}', data, OPEN_ACL_UNSAFE)
            for name, data in nodes.items()):
        bulk.commit(batch)


def empty(client: KazooClient, path: str) -> None:
    """Delete a service."""
    bulk = Bulk(client)
    for batch in bulk.batches(
            Delete(f'{path}/{name}', -1)
            for name in client.get_children(path)):
        bulk.commit(batch)
    client.delete(path)


# In a client's process

_received = 0


def count_received() -> None:
    """Count what kazoo reads."""
    read = ConnectionHandler._read

    def counting(self: Any, length: int, timeout: float) -> bytes:
        global _received
        _received += length
        found: bytes = read(self, length, timeout)
        return found

    ConnectionHandler._read = counting


def say(*words: object) -> None:
    print(*words, flush=True)


def follow(side: str, servers: str, path: str) -> None:
    """Follow a service, and print the time of each callback."""
    count_received()
    if side == 'ChildrenWatch':
        client = KazooClient(servers, 30.0)
        client.start()
        client.ChildrenWatch(path, lambda names: say(time.monotonic()))
        close: Callable[[], None] = client.stop
    else:
        zk = zc.zk.ZooKeeper(
            servers, 30.0, persistent_watches=side == 'zc.zk')
        providers = zk.providers(path)
        providers(lambda providers, added, removed, changed: say(
            time.monotonic()))
        close = zk.close
    for _ in sys.stdin:
        say('cost', time.process_time(), _received)
    close()


# In this one

class Cost(NamedTuple):
    """What a change costs a client.

    :ivar cpu: in seconds
    :ivar received: in bytes
    :ivar times: from writing to callback, in seconds
    """

    cpu: float
    received: float
    times: list[float]


class Follower:
    """A client in a process of its own.

    :ivar relay: what its bytes go through, if it does not count them
    """

    relay: _curator.Relay | None = None

    def __init__(self, command: list[str]) -> None:
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            # Where ZooKeeper's Java client writes its log.
            stderr=None if command[0] == sys.executable
            else subprocess.DEVNULL, text=True, bufsize=1)
        self.called()

    def called(self) -> float:
        """Wait for the next callback; return when it ran."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit('a client ended')
        return float(line)

    def cost(self) -> tuple[float, float]:
        """Return the seconds of CPU and the bytes so far."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write('cost\n')
        while True:
            word, *numbers = self._process.stdout.readline().split()
            if word == 'cost':
                cpu, received = map(float, numbers)
                if self.relay is not None:
                    received = self.relay.received
                return cpu, received

    def close(self) -> None:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        self._process.wait(20)
        self._process.stdout.close()
        if self.relay is not None:
            self.relay.close()


@contextmanager
def following(side: str, servers: str, path: str) -> Iterator[Follower]:
    if side == 'Curator':
        relay = _curator.Relay(servers)
        follower = Follower(_curator.command(relay.address, path))
        follower.relay = relay
    else:
        follower = Follower(
            [sys.executable, __file__, '--follow', side, servers, path])
    try:
        yield follower
    finally:
        follower.close()


def restarts(
    client: KazooClient, path: str, nodes: dict[str, bytes]
) -> Iterator[Callable[[], Any]]:
    """Yield one change after the other: servers go and come back."""
    names = list(nodes)
    while True:
        for name in names[::max(1, len(names) // 97)]:
            node, data = f'{path}/{name}', nodes[name]
            yield lambda node=node: client.delete_async(node)
            yield lambda node=node, data=data: client.create_async(
                node, data)


class Service(NamedTuple):
    """A service, a client that follows it, and the next changes."""

    path: str
    follower: Follower
    changes: Iterator[Callable[[], Any]]


def measure(services: Collection[Service], count: int) -> list[Cost]:
    """Return what changes cost, each waited for.

    The services take turns, so that others on this machine disturb all
    alike.
    """
    before = []
    times: list[list[float]] = [[] for _ in services]
    for number in range(WARM_UP + count):
        if number == WARM_UP:
            before = [each.follower.cost() for each in services]
        for service, found in zip(services, times, strict=True):
            start = time.monotonic()
            next(service.changes)()
            found.append(service.follower.called() - start)
            time.sleep(PAUSE)
    costs = []
    for service, found, (cpu, received) in zip(
            services, times, before, strict=True):
        cpu_after, received_after = service.follower.cost()
        costs.append(Cost((cpu_after - cpu) / count,
                          (received_after - received) / count,
                          sorted(found[WARM_UP:])))
    return costs


def clients(
    server: RealServer, counts: list[int], changes: int, sides: list[str]
) -> list[str]:
    """Return the first table."""
    lines = [
        '| servers | client | CPU for a change | bytes for a change '
        '| to the callback, median | 90th percentile |',
        '|---|---|---|---|---|---|']
    servers = server.connection_string
    writer = KazooClient(servers)
    writer.start()
    # The first one is for ZooKeeper's own JVM.
    for count in [WARM_UP, *counts]:
        with ExitStack() as stack:
            services = [
                started(stack, writer, side, servers, count)
                for side in sides]
            costs = measure(services, changes)
        for service in services:
            empty(writer, service.path)
        for side, cost in zip(sides, costs, strict=True):
            lines.append(
                f'| {count:,} | {side} | {cost.cpu * 1000:.2f} ms '
                f'| {cost.received:,.0f} '
                f'| {statistics.median(cost.times) * 1000:.2f} ms '
                f'| {cost.times[len(cost.times) * 9 // 10] * 1000:.2f} ms |')
            print(lines[-1], file=sys.stderr, flush=True)
        if count == WARM_UP:
            del lines[2:]
    writer.stop()
    writer.close()
    return lines


def started(
    stack: ExitStack,
    writer: KazooClient,
    side: str,
    servers: str,
    count: int,
) -> Service:
    """Make a service, and start a client that follows it."""
    path = f'/fleet{count}-{side.replace(" ", "-")}'
    nodes = {name_of(number): b'{"pid":%d}' % number
             for number in range(count)}
    if side == 'Curator':
        path, nodes = _curator.service(path, nodes)
    fill(writer, path, nodes)
    return Service(
        path, stack.enter_context(following(side, servers, path)),
        restarts(writer, path, nodes))


def fleet(
    server: RealServer, sessions: int, size: int, changed: dict[str, int]
) -> list[str]:
    """Return the second table."""
    writer = KazooClient(server.connection_string)
    writer.start()
    nodes = {name_of(number): b'{"pid":%d}' % number
             for number in range(size)}
    fill(writer, '/fleet', nodes)
    lines = [
        '| each session | changes | bytes from ZooKeeper for a change '
        '| for 100 restarts | until all know, median |',
        '|---|---|---|---|---|']
    means = []
    for way, count in changed.items():
        with _crowd.Crowd(
                server.connection_string, sessions, '/fleet', way) as crowd:
            changes = restarts(writer, '/fleet', nodes)
            times, before = [], crowd.received
            for _ in range(count):
                start = time.monotonic()
                next(changes)()
                times.append(crowd.wait() - start)
            mean = (crowd.received - before) / count
        means.append(mean)
        lines.append(
            f'| {way} | {count} | {mean:,.0f} | {mean * 200 / 1e6:,.0f} MB '
            f'| {statistics.median(times) * 1000:,.0f} ms |')
        print(lines[-1], file=sys.stderr, flush=True)
    empty(writer, '/fleet')
    writer.stop()
    writer.close()
    if len(means) == 2:
        lines += ['', f'Listing again takes {means[1] / means[0]:,.0f} times '
                  'the bytes of a persistent watch.']
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--follow', nargs=3, help=argparse.SUPPRESS)
    parser.add_argument('--counts', default='100,1000,10000,40000')
    parser.add_argument('--changes', type=int, default=100)
    parser.add_argument('--sessions', type=int, default=2000)
    parser.add_argument('--size', type=int, default=5000)
    parser.add_argument('--sides', default=json.dumps(SIDES))
    options = parser.parse_args()
    if options.follow:
        follow(*options.follow)
        return
    sides = json.loads(options.sides)
    if 'Curator' in sides and not _curator.available():
        sides.remove('Curator')
    with RealServer(heap='2g', config={
            'maxSessionTimeout': _crowd.SESSION_TIMEOUT}) as server:
        first = clients(
            server, [int(each) for each in options.counts.split(',')],
            options.changes, sides)
        second = fleet(server, options.sessions, options.size, {
            'persistent watch': 40, 'lists again': 4})
    print('# Following services', '', *first, '',
          f'{options.sessions:,} sessions follow a service of '
          f'{options.size:,} servers; a restart is two changes.', '',
          *second, sep='\n')


if __name__ == '__main__':
    main()
