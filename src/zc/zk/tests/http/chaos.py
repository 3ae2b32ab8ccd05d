"""Servers that die under requests: is any request lost, or sent twice?

``python -m zc.zk.tests.http.chaos --client httpx --minutes M --seed N`` runs
ZooKeeper and ten servers as processes, and sixteen clients.  In each round,
three servers are killed one after the other, one is suspended, all are
restarted one after the other, and ZooKeeper is away for ten seconds, while
one more server dies.  The seed decides whom it hits.  Exit status 0: each
request with an idempotent method was answered, and no other was sent twice.

This process starts and signals the others; it touches none but its own.
"""
from __future__ import annotations

import argparse
import collections
import contextlib
import logging
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from typing import Any

import zc.zk
from zc.zk.tests.http.askers import CLIENTS
from zc.zk.tests.http.askers import KINDS
from zc.zk.tests.realserver import RealServer


PATH = '/fooservice/providers'
SERVERS = 10
# How many answers to wait for between two blows: so that every client meets
# what the last one did.
ANSWERS = 5 * CLIENTS
# Seconds to wait for anything.
DEADLINE = 60.0
# Seconds for which ZooKeeper is away: longer than the servers' sessions.
AWAY = 10.0


class Failed(Exception):
    """A request was lost, or one was sent twice."""


class Worker:
    """One server."""

    def __init__(self, connection_string: str, posts: pathlib.Path) -> None:
        self.address = ''
        self.popen = subprocess.Popen(
            [sys.executable, '-m', 'zc.zk.tests.http.webworker',
             connection_string, PATH, str(posts)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def register(self) -> None:
        """Let it register, and wait until it did."""
        assert self.popen.stdin is not None and self.popen.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self.popen.stdin.write('\n')
            self.popen.stdin.flush()
        self.popen.stdout.readline()
        self.address = self.popen.stdout.readline().strip()
        if not self.address:
            raise AssertionError('a server did not start')

    def end(self, number: int = signal.SIGKILL) -> None:
        """End it, and wait until it has ended."""
        self.popen.send_signal(number)
        try:
            self.popen.wait(DEADLINE)
        finally:
            self.popen.kill()
            self.popen.wait()
            for stream in self.popen.stdin, self.popen.stdout:
                if stream is not None:
                    with contextlib.suppress(BrokenPipeError):
                        stream.close()


class Chaos:
    """ZooKeeper, servers and clients."""

    def __init__(self, client: str, seed: int, out: Any) -> None:
        self._random = random.Random(seed)
        self._out = out
        self._stack = contextlib.ExitStack()
        self._workers: list[Worker] = []
        self._pause = threading.Event()
        try:
            self._start(client)
        except BaseException:
            self.close()
            raise

    def _start(self, client: str) -> None:
        stack = self._stack
        directory = stack.enter_context(tempfile.TemporaryDirectory())
        self._posts = pathlib.Path(directory, 'posts')
        self._server = RealServer()
        stack.callback(self._server.close)
        self._server.start()
        zk = zc.zk.ZooKeeper(self._server.connection_string)
        stack.callback(zk.close)
        zk.import_tree('/fooservice\n  /providers\n')
        self._providers = zk.providers(PATH)
        self._add(SERVERS)
        self._wait(lambda: len(self._providers) == SERVERS, 'all servers')
        self.askers = KINDS[client](self._providers)
        stack.callback(self.askers.close)
        self.askers.start()
        self._meet()

    def close(self) -> None:
        """End everything."""
        self._stack.close()
        for worker in self._workers:
            worker.end()
        self._workers = []

    def say(self, text: str) -> None:
        print(text, file=self._out, flush=True)

    def _wait(self, condition: Any, what: str) -> None:
        until = time.monotonic() + DEADLINE
        while not condition():
            if time.monotonic() > until:
                raise AssertionError(f'waited in vain for {what}')
            self._pause.wait(0.02)

    def _wait_for(self, worker: Worker) -> None:
        self._wait(lambda: worker.address in self._providers, 'a new server')

    def _meet(self) -> None:
        """Wait until all clients went on asking."""
        self.askers.wait(ANSWERS, DEADLINE)

    def _spawn(self) -> Worker:
        worker = Worker(self._server.connection_string, self._posts)
        self._workers.append(worker)
        return worker

    def _add(self, count: int) -> None:
        for worker in [self._spawn() for _ in range(count)]:
            worker.register()

    def _end(self, worker: Worker, number: int = signal.SIGKILL) -> None:
        self._workers.remove(worker)
        worker.end(number)

    def _listed(self) -> bool:
        """Tell whether the living are listed, and no others.

        When all sessions end along with ZooKeeper, the dead are held, too.
        """
        return {each.name for each in self._providers
                if each.state is not zc.zk.ProviderState.STALE} == {
            worker.address for worker in self._workers}

    # What happens

    def kill(self) -> None:
        """Kill three servers, one after the other."""
        for worker in self._random.sample(self._workers, 3):
            self._end(worker)
            self._meet()
        self._add(3)
        self._wait(self._listed, 'the end of the killed ones')

    def suspend(self) -> None:
        """Suspend a server for longer than its session lasts."""
        worker = self._random.choice(self._workers)
        worker.popen.send_signal(signal.SIGSTOP)
        try:
            self._meet()
            self._wait(lambda: worker.address not in self._providers,
                       'the end of the session')
        finally:
            worker.popen.send_signal(signal.SIGCONT)
        self._wait(self._listed, 'its return')

    def restart(self) -> None:
        """Replace all servers, one after the other."""
        old = list(self._workers)
        # Their starting takes longer than all the rest.
        new = [self._spawn() for _ in old]
        for leaving, coming in zip(old, new, strict=True):
            coming.register()
            self._wait_for(coming)
            self._end(leaving, signal.SIGTERM)

    def leave(self) -> None:
        """Have ZooKeeper away for a while, in which a server dies."""
        self._server.kill()
        until = time.monotonic() + AWAY
        self._meet()
        self._end(self._random.choice(self._workers))
        self._pause.wait(max(0.0, until - time.monotonic()))
        self._meet()
        self._server.start()
        self._add(1)
        self._wait(lambda: self._providers.current and self._listed(),
                   'a list that is true')

    def round(self) -> None:
        """Do all of that, once."""
        for step in self.kill, self.suspend, self.restart, self.leave:
            began = time.monotonic()
            step()
            self._meet()
            self.say(f'{step.__name__:8} {time.monotonic() - began:5.1f} s, '
                     f'{self.askers.answered} answers, '
                     f'{len(self.askers.failed)} failed')

    def finish(self) -> None:
        """Stop the clients and count.

        :raises Failed: when a request was lost, or one was sent twice
        """
        self.askers.stop()
        lost = [(method, repr(error)) for method, error in
                self.askers.failed if method != 'POST']
        posts = collections.Counter(self._posts.read_text().split())
        twice = [body for body, count in posts.items() if count > 1]
        missing = set(self.askers.posted) - posts.keys()
        self.say(f'{self.askers.answered} requests answered, {len(lost)} '
                 f'idempotent ones lost, {len(self.askers.failed) - len(lost)}'
                 f' POSTs failed, {len(twice)} sent twice')
        if lost or twice or missing:
            raise Failed(f'lost: {lost[:5]}, sent twice: {twice[:5]}, '
                         f'missing: {missing}')


def run(client: str, minutes: float, seed: int, out: Any) -> None:
    """Run rounds for so many minutes, one at least.

    :raises Failed: when a request was lost, or one was sent twice
    """
    chaos = Chaos(client, seed, out)
    try:
        chaos.say(f'{client}, seed {seed}')
        end = time.monotonic() + 60 * minutes
        chaos.round()
        while time.monotonic() < end:
            chaos.round()
        chaos.finish()
    finally:
        chaos.close()


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--client', choices=sorted(KINDS), default='httpx')
    parser.add_argument('--minutes', type=float, default=1.0)
    parser.add_argument('--seed', type=int,
                        default=random.SystemRandom().randrange(10 ** 6))
    options = parser.parse_args(arguments)
    # What was started is ended after a SIGTERM too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    logging.getLogger('kazoo').setLevel(logging.CRITICAL)
    try:
        run(options.client, options.minutes, options.seed, sys.stdout)
    except Failed as error:
        print(f'FAILED (seed {options.seed}): {error}', file=sys.stderr)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
