"""How soon others see that a server left, died, or lost ZooKeeper's leader.

    python bench/leaving.py [--runs 5] [--sessions 2 4 10]

Registers servers that are processes of their own, by zc.zk and by plain
kazoo side by side, on a real ZooKeeper on loopback, and ends them: by
SIGTERM, upon which they close their client, and by SIGKILL, after which
ZooKeeper waits for their session to end.  Then, on an ensemble of three,
kills the leader and tells how soon each client has written again.  Prints
the medians as a table.  Imported by nothing.
"""
from __future__ import annotations

import argparse
import contextlib
import logging
import queue
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from kazoo.client import KazooClient
from kazoo.exceptions import KazooException

import zc.zk
from zc.zk.tests.ensemble import Ensemble
from zc.zk.tests.realserver import RealServer


TOP = '/bench'
SIDES = ('zc.zk', 'kazoo')
ADDRESSES = {'zc.zk': '127.0.0.1:1001', 'kazoo': '127.0.0.1:1002'}
DEADLINE = 120.0


def serve(side: str, servers: str, session: float) -> None:
    """Be a server: register, and leave at SIGTERM."""
    # An event could not be set in a signal handler while it is waited for.
    signals: queue.SimpleQueue[int] = queue.SimpleQueue()
    signal.signal(signal.SIGTERM, lambda number, frame: signals.put(number))
    leave: Callable[[], Any]
    if side == 'zc.zk':
        zk = zc.zk.ZooKeeper(servers, session)
        zk.register(TOP, ADDRESSES[side])
        leave = zk.close
    else:
        client = KazooClient(servers, session)
        client.start()
        client.create(f'{TOP}/{ADDRESSES[side]}', b'{}', ephemeral=True)
        leave = client.stop
    print('registered', flush=True)
    signals.get()
    leave()


class Watcher:
    """Notes when the servers went, as a client of zc.zk sees it."""

    def __init__(self, servers: str) -> None:
        self.zk = zc.zk.ZooKeeper(servers, 30.0)
        self.zk.client.ensure_path(TOP)
        self.children = self.zk.children(TOP)

    def gone(self, side: str) -> float:
        """Wait until a server is listed no more; return the time."""
        if not self.children.wait(
                lambda names: ADDRESSES[side] not in names, DEADLINE):
            raise SystemExit(f'{side}: still there after {DEADLINE} s')
        return time.perf_counter()

    def leave(self, number: int, session: float) -> dict[str, float]:
        """End one server of each side; return the seconds until each went.
        """
        found: dict[str, float] = {}
        processes = [
            subprocess.Popen(
                [sys.executable, __file__, '--serve', side,
                 ','.join(f'{host}:{port}'
                          for host, port in self.zk.client.hosts),
                 str(session)], stdout=subprocess.PIPE)
            for side in SIDES]
        for side, process in zip(SIDES, processes, strict=True):
            assert process.stdout is not None
            process.stdout.readline()
            self.children.wait(
                lambda names, side=side: ADDRESSES[side] in names, DEADLINE)

        def end(side: str, process: subprocess.Popen[bytes]) -> None:
            start = time.perf_counter()
            process.send_signal(number)
            found[side] = self.gone(side) - start

        if number == signal.SIGKILL:
            # Both at once: it takes long, and costs nothing.
            threads = [threading.Thread(target=end, args=each)
                       for each in zip(SIDES, processes, strict=True)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        else:
            for each in zip(SIDES, processes, strict=True):
                end(*each)
        for process in processes:
            process.wait(DEADLINE)
            assert process.stdout is not None
            process.stdout.close()
        return found


def heal(ensemble: Ensemble, clients: dict[str, Any]) -> dict[str, float]:
    """Kill the leader; return the seconds until each client has written."""
    found: dict[str, float] = {}

    def write(side: str) -> None:
        deadline = start + DEADLINE
        while True:
            try:
                clients[side].set(f'{TOP}/{side}', b'{}')
            except (KazooException, clients[side].handler.timeout_exception):
                if time.perf_counter() > deadline:
                    raise
                time.sleep(0.005)
            else:
                found[side] = time.perf_counter() - start
                return

    leader = ensemble.leader()
    start = time.perf_counter()
    leader.kill()
    threads = [threading.Thread(target=write, args=(side,))
               for side in SIDES]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ensemble.start()
    return found


def row(what: str, runs: list[dict[str, float]]) -> str:
    ours, theirs = (
        statistics.median(each[side] for each in runs) for side in SIDES)
    worst = max(each['zc.zk'] for each in runs)
    return (f'| {what} | {ours:.3f} s | {worst:.3f} s | {theirs:.3f} s '
            f'| {theirs / ours:.2f} |')


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--serve', nargs=3, help=argparse.SUPPRESS)
    parser.add_argument('--runs', type=int, default=5)
    parser.add_argument('--sessions', type=float, nargs='+',
                        default=[2.0, 4.0, 10.0], help='in seconds')
    options = parser.parse_args()
    if options.serve:
        side, servers, session = options.serve
        serve(side, servers, float(session))
        return
    logging.disable()       # of connections that are lost on purpose
    print('## Servers that leave, die or lose the leader\n')
    print(f'Medians of {options.runs} runs, as a client of zc.zk sees it.\n')
    print('| what | zc.zk | longest | kazoo | times as fast |')
    print('|---|---|---|---|---|')
    with RealServer(tick_time=1000) as server:
        watcher = Watcher(server.connection_string)
        runs = [watcher.leave(signal.SIGTERM, 10.0)
                for _ in range(options.runs)]
        print(row('SIGTERM until gone', runs), flush=True)
        for session in options.sessions:
            runs = [watcher.leave(signal.SIGKILL, session)
                    for _ in range(options.runs)]
            print(row(f'SIGKILL until gone, session of {session:g} s', runs),
                  flush=True)
        watcher.zk.close()
    with Ensemble(3, tick_time=1000) as ensemble, \
            contextlib.ExitStack() as stack:
        zk = zc.zk.ZooKeeper(ensemble.connection_string, 20.0)
        stack.callback(zk.close)
        client = KazooClient(ensemble.connection_string, 20.0)
        client.start()
        stack.callback(client.stop)
        clients = {'zc.zk': zk.client, 'kazoo': client}
        client.ensure_path(TOP)
        for side in SIDES:
            client.create(f'{TOP}/{side}', b'{}')
        runs = [heal(ensemble, clients) for _ in range(options.runs)]
        print(row('leader killed until a write works', runs))


if __name__ == '__main__':
    main()
