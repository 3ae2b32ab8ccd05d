"""Imports, exports, walks and deletions, beside 2.1's way and the floor.

    python bench/trees.py [--nodes 1000 10000] [--rounds 5] [--connection C]

Against a real ZooKeeper that it starts on loopback.  Each step is done three
ways, in turns: (a) by the request pattern of zc.zk 2.1, one request after
another on a plain kazoo client; by zc.zk; and (b) the floor: kazoo's own
transactions and the barest multi-read, four in flight, of paths and data
that are ready before the clock starts.  Both (a) and (b) parse the text with
our parser where the step begins with text.  Prints the medians of the rounds
as a table.  Imported by nothing.
"""
from __future__ import annotations

import argparse
import contextlib
import gc
import re
import statistics
import struct
import sys
import time
from collections import deque
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Sequence
from typing import Any

from kazoo.client import KazooClient
from kazoo.protocol.states import ZnodeStat
from kazoo.security import OPEN_ACL_UNSAFE

import zc.zk
from zc.zk._tree.model import Node
from zc.zk._tree.values import encode
from zc.zk.tests.realserver import RealServer
from zc.zk.tests.trees import big_text


TOP = '/bench'
IN_FLIGHT = 4
WRITES = 1000
READS = 2000

#: How many times faster than (a), and how many times (b) at most.
AIMS: dict[str, tuple[float, float] | None] = {
    'import into empty': (35, 1.5),
    'import again, unchanged': (50, 1.5),
    'import again, all changed': (35, 1.5),
    'dry run, 1 % changed': (40, 1.5),
    'dry run, all changed': None,
    'export': (100, 1.6),
    'walk': (60, 1.5),
    'delete_recursive': (100, 1.5),
}


class Work:
    """The trees of one size, ready in each form."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.text = big_text(count)
        self.changed = self.text.replace('  threads = ', '  threads = 1')
        self.few_changed = re.sub(
            "(00:80'\n.*\n  *threads = )", r'\g<1>1', self.text)
        self.nodes = self._nodes(self.text)
        self.new = self._nodes(self.changed)
        self.paths = [path for path, _ in self.nodes]
        self.parents = sorted({path.rpartition('/')[0]
                               for path in self.paths} - {TOP})

    @staticmethod
    def _nodes(text: str) -> list[tuple[str, bytes]]:
        return [(path, encode(node.properties))
                for path, node in zc.zk.parse_tree(text).walk(TOP)][1:]


class Pattern21:
    """One request after another, those that zc.zk 2.1 sends."""

    def __init__(self, client: KazooClient, work: Work) -> None:
        self.client = client
        self.work = work

    def load(self, text: str) -> None:
        self._load(TOP, zc.zk.parse_tree(text), True)

    def _load(self, path: str, node: Node, top: bool = False) -> None:
        client = self.client
        if not top:
            client.get_children(path)
        for name, child in sorted(node.children.items()):
            here = f'{path}/{name}'
            data = encode(child.properties)
            if client.exists(here):
                client.set(here, data)
                client.get_acls(here)
            else:
                client.create(here, data, OPEN_ACL_UNSAFE)
            self._load(here, child)

    def dry_run(self, text: str) -> None:
        self._dry_run(TOP, zc.zk.parse_tree(text), True)

    def _dry_run(self, path: str, node: Node, top: bool = False) -> None:
        client = self.client
        if not top:
            client.get_children(path)
        for name, child in sorted(node.children.items()):
            here = f'{path}/{name}'
            client.exists(here)
            client.get(here)
            client.get(here)
            self._dry_run(here, child)

    def export(self) -> None:
        todo = [self.work.paths[0]]
        while todo:
            path = todo.pop()
            names = self.client.get_children(path)
            self.client.get(path)
            todo += [f'{path}/{name}' for name in names]

    def walk(self) -> None:
        todo = [self.work.paths[0]]
        while todo:
            path = todo.pop()
            todo += [f'{path}/{name}'
                     for name in self.client.get_children(path)]

    def delete(self, path: str = '') -> None:
        path = path or self.work.paths[0]
        for name in self.client.get_children(path):
            self.delete(f'{path}/{name}')
        self.client.get(path)
        self.client.delete(path)


class Ours:
    """The same by zc.zk."""

    def __init__(self, zk: zc.zk.ZooKeeper, work: Work) -> None:
        self.zk = zk
        self.work = work

    def load(self, text: str) -> None:
        self.zk.import_tree(text, TOP)

    def dry_run(self, text: str) -> None:
        self.zk.import_tree(text, TOP, dry_run=True)

    def export(self) -> None:
        self.zk.export_tree(self.work.paths[0])

    def walk(self) -> None:
        deque(self.zk.walk(self.work.paths[0]), 0)

    def delete(self) -> None:
        self.zk.delete_recursive(self.work.paths[0])


class MultiRead:
    """A multi-read whose bytes are ready."""

    type = 22

    def __init__(self, type_: int, paths: Sequence[str]) -> None:
        header = struct.pack('!iBi', type_, 0, -1)
        pieces = []
        for path in paths:
            encoded = path.encode()
            pieces += [header, struct.pack('!i', len(encoded)), encoded,
                       b'\0']
        self.payload = b''.join(pieces) + struct.pack('!iBi', -1, 1, -1)

    def serialize(self) -> bytes:
        return self.payload

    def deserialize(self, buffer: bytes, offset: int) -> list[Any]:
        found: list[Any] = []
        header = struct.Struct('!iBi').unpack_from
        integer = struct.Struct('!i').unpack_from
        stat = struct.Struct('!qqqqiiiqiiq').unpack_from
        while True:
            type_, done, _ = header(buffer, offset)
            offset += 9
            if done:
                return found
            size = integer(buffer, offset)[0]
            offset += 4
            if type_ == 4:
                data = buffer[offset:offset + size]
                offset += size
                found.append((data, ZnodeStat._make(stat(buffer, offset))))
                offset += 68
            else:
                names = []
                for _ in range(size):
                    end = offset + 4 + integer(buffer, offset)[0]
                    names.append(buffer[offset + 4:end].decode())
                    offset = end
                found.append(names)


class Floor:
    """The same bytes by the barest loops over kazoo."""

    def __init__(self, client: KazooClient, work: Work) -> None:
        self.client = client
        self.work = work
        self.data = self._requests(4, work.paths)
        self.names = self._requests(8, work.parents)
        self.all_names = self._requests(8, work.paths)

    @staticmethod
    def _requests(type_: int, paths: Sequence[str]) -> list[MultiRead]:
        return [MultiRead(type_, paths[start:start + READS])
                for start in range(0, len(paths), READS)]

    def _in_flight(self, starts: Iterable[Callable[[], Any]]) -> None:
        pending: deque[Any] = deque()
        for start in starts:
            if len(pending) == IN_FLIGHT:
                pending.popleft().get()
            pending.append(start())
        while pending:
            pending.popleft().get()

    def _read(self, requests: Sequence[MultiRead]) -> None:
        def start(request: MultiRead) -> Any:
            result = self.client.handler.async_result()
            self.client._call(request, result)
            return result
        self._in_flight(
            lambda request=request: start(request)      # type: ignore[misc]
            for request in requests)

    def _write(
        self, nodes: Sequence[Any], add: Callable[[Any, Any], None]
    ) -> None:
        def start(batch: Sequence[Any]) -> Any:
            transaction = self.client.transaction()
            for node in batch:
                add(transaction, node)
            return transaction.commit_async()
        self._in_flight(
            lambda at=at: start(nodes[at:at + WRITES])  # type: ignore[misc]
            for at in range(0, len(nodes), WRITES))

    def load(self, text: str) -> None:
        zc.zk.parse_tree(text)
        if not self.client.exists(self.work.paths[0]):
            self._write(self.work.nodes, lambda transaction, node:
                        transaction.create(*node, OPEN_ACL_UNSAFE))
            return
        self._read(self.data)
        if text is self.work.changed:
            self._write(self.work.new, lambda transaction, node:
                        transaction.set_data(*node))

    def dry_run(self, text: str) -> None:
        zc.zk.parse_tree(text)
        self._read(self.data)

    def export(self) -> None:
        self._read(self.data)
        self._read(self.names)

    def walk(self) -> None:
        self._read(self.all_names)

    def delete(self) -> None:
        self._read(self.data)
        self._read(self.names)
        self._write(self.work.paths[::-1], lambda transaction, path:
                    transaction.delete(path))


def timed(function: Callable[..., None], *args: Any) -> float:
    gc.collect()
    start = time.perf_counter()
    with contextlib.redirect_stdout(None):
        function(*args)
    return time.perf_counter() - start


def steps(way: Any, work: Work) -> dict[str, float]:
    """Do each step one way; return the seconds that each took."""
    found = {'import into empty': timed(way.load, work.text)}
    found['import again, unchanged'] = timed(way.load, work.text)
    found['export'] = timed(way.export)
    found['walk'] = timed(way.walk)
    found['dry run, 1 % changed'] = timed(way.dry_run, work.few_changed)
    found['dry run, all changed'] = timed(way.dry_run, work.changed)
    found['import again, all changed'] = timed(way.load, work.changed)
    found['delete_recursive'] = timed(way.delete)
    return found


def measure(
    connection: str, count: int, rounds: int, with_pattern: bool
) -> dict[str, list[float | None]]:
    """Return, for each step, the median seconds of (a), zc.zk and (b)."""
    work = Work(count)
    plain = KazooClient(connection, timeout=60)
    plain.start()
    zk = zc.zk.ZooKeeper(connection, 60)
    raw = KazooClient(connection, timeout=60)
    raw.start()
    if not plain.exists(TOP):
        plain.create(TOP)
    ways = [Pattern21(plain, work), Ours(zk, work), Floor(raw, work)]
    found: list[list[dict[str, float]]] = [[], [], []]
    for number in range(rounds):
        for way, times in zip(ways, found, strict=True):
            if isinstance(way, Pattern21) and not with_pattern:
                continue
            times.append(steps(way, work))
            print(f'{count:,} nodes, round {number + 1}: '
                  f'{type(way).__name__} {sum(times[-1].values()):.2f} s',
                  file=sys.stderr)
    plain.stop()
    raw.stop()
    zk.close()
    return {
        step: [statistics.median(each[step] for each in times)
               if times else None for times in found]
        for step in AIMS}


def table(count: int, found: dict[str, list[float | None]]) -> None:
    print(f'\n### {count:,} nodes\n')
    print('| step | (a) 2.1 | zc.zk | (b) floor | faster than (a) | aim '
          '| times (b) | at most |')
    print('|---|---|---|---|---|---|---|---|')
    for step, (old, ours, floor) in found.items():
        assert ours is not None and floor is not None
        faster, at_most = AIMS[step] or ('', '')
        shown, ratio = '-', '-'
        if old is not None:
            shown, ratio = f'{old:.2f} s', f'{old / ours:.0f}'
        print(f'| {step} | {shown} | {ours:.3f} s | {floor:.3f} s '
              f'| {ratio} | {faster} | {ours / floor:.2f} | {at_most} |')


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=(__doc__ or '').splitlines()[0])
    parser.add_argument('--nodes', type=int, nargs='+',
                        default=[1_000, 10_000, 100_000])
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--connection', help='instead of a server of its own')
    options = parser.parse_args(arguments)
    with contextlib.ExitStack() as stack:
        connection = options.connection
        if not connection:
            connection = stack.enter_context(
                RealServer(heap='1g', tick_time=3000)).connection_string
        print('## Trees\n')
        print('Medians; (a) is the request pattern of zc.zk 2.1, (b) the '
              'barest loop over kazoo with all bytes ready.  Behind each '
              'figure stands what was aimed at; some aims are missed.')
        for count in options.nodes:
            # Where (a) takes minutes, one round without it has to do.
            large = count > 20_000
            rounds = min(options.rounds, 3) if large else options.rounds
            table(count, measure(connection, count, rounds, not large))


if __name__ == '__main__':
    main()
