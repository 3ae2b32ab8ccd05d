"""Faults without end, on a real ensemble: does everything come back?

``python -m zc.zk.tests.chaos --minutes M --seed N`` runs three ZooKeeper
servers and twenty processes (see `chaosworker`) that register, watch and
update.  The seed decides which faults come, in which order and for how
long.  Exit status 0: at the end, within one session timeout, every living
server was listed and no dead one, every watcher had seen the final state,
all chose among the same providers, and no acknowledged update was lost.

This process starts and signals the others; it touches none but its own.
"""
from __future__ import annotations

import argparse
import logging
import random
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from collections.abc import Sequence
from contextlib import AbstractContextManager
from contextlib import ExitStack
from contextlib import contextmanager
from typing import Any

from kazoo.client import KazooClient
from kazoo.exceptions import KazooException
from kazoo.handlers.threading import KazooTimeoutError

import zc.zk
from zc.zk.tests.chaosprocess import Process
from zc.zk.tests.chaosworker import PROVIDERS
from zc.zk.tests.chaosworker import SETTINGS
from zc.zk.tests.ensemble import Ensemble
from zc.zk.tests.proxy import Proxies


# Seconds of silence after which ZooKeeper ends a worker's session.
SESSION_TIMEOUT = 4.0
# Seconds by which ZooKeeper rounds that up (to its tick), and in which a
# process that was just started gets going.
ALLOWANCE = 1.5
# Longer than this in the middle of a run is a failure too.
HEAL_DEADLINE = 10 * SESSION_TIMEOUT
# How long faults last: a blink, less than a session, more than a session.
HOLDS = (0.05, 0.5, SESSION_TIMEOUT / 2, SESSION_TIMEOUT * 1.5)
# Nodes that the workers update, several to each.
SHARED = 4
TREE = '/chaos\n  /providers\n  /settings\n    version = 0\n  /shared\n' + (
    ''.join(f'    /{number}\n' for number in range(SHARED)))


Fault = AbstractContextManager[None, bool | None]


class Failed(Exception):
    """Something did not come back, or was lost."""


class Chaos:
    """One run."""

    def __init__(self, seed: int, processes: int, out: Any) -> None:
        self.random = random.Random(seed)
        self.out = out
        self.faults: Counter[str] = Counter()
        self.healed: Counter[str] = Counter()
        self.longest: dict[str, float] = {}
        self.version = 0
        # The last thing that was not well.
        self.last = ''
        self.started = time.monotonic()
        # Set by nobody: its `wait` is how long a fault lasts.
        self.never = threading.Event()
        with ExitStack() as stack:
            self.ensemble = stack.enter_context(Ensemble(3))
            servers = self.ensemble.connection_string
            self.zk = zc.zk.ZooKeeper(servers, SESSION_TIMEOUT, wait=True)
            stack.callback(self.zk.close)
            self.zk.import_tree(TREE)
            # Plain kazoo: what others than this package see.
            self.observer = KazooClient(
                servers, timeout=SESSION_TIMEOUT,
                connection_retry={'max_tries': -1, 'max_delay': 0.2})
            self.observer.start()
            stack.callback(self.observer.close)
            stack.callback(self.observer.stop)
            proxies = Proxies()
            stack.callback(proxies.close)
            targets = [each.address for each in self.ensemble.members]
            self.processes = []
            for number in range(processes):
                process = Process(
                    number, proxies.add(targets),
                    f'/chaos/shared/{number % SHARED}', SESSION_TIMEOUT)
                stack.callback(process.kill)
                process.start()
                self.processes.append(process)
            self._stack = stack.pop_all()

    def close(self) -> None:
        """End all processes and servers."""
        self._stack.close()

    def say(self, text: str) -> None:
        print(f'{time.monotonic() - self.started:7.1f} s  {text}',
              file=self.out, flush=True)

    # The faults: each is made, lasts as long as the block, and is undone.

    @contextmanager
    def worker_killed(self, process: Process) -> Iterator[None]:
        process.kill()
        yield
        process.start()

    @contextmanager
    def worker_suspended(self, process: Process) -> Iterator[None]:
        process.suspend()
        yield
        process.resume()

    @contextmanager
    def connections_cut(self, process: Process) -> Iterator[None]:
        process.proxy.cut()
        yield

    @contextmanager
    def connections_refused(self, process: Process) -> Iterator[None]:
        process.proxy.refuse(True)
        yield
        process.proxy.refuse(False)

    @contextmanager
    def connections_hung(self, process: Process) -> Iterator[None]:
        process.proxy.hang(True)
        yield
        process.proxy.hang(False)

    @contextmanager
    def node_deleted(self, process: Process) -> Iterator[None]:
        try:
            self.observer.delete_async(
                f'{PROVIDERS}/{process.address}').get(timeout=1)
        except (KazooException, KazooTimeoutError):
            pass        # it was away, or goes when ZooKeeper answers again
        yield

    @contextmanager
    def follower_killed(self, number: int) -> Iterator[None]:
        leader = self.ensemble.leader()
        followers = [each for each in self.ensemble.members
                     if each is not leader]
        followers[number % 2].kill()
        yield
        self.ensemble.start()

    @contextmanager
    def leader_killed(self, number: int) -> Iterator[None]:
        self.ensemble.leader().kill()
        yield
        self.ensemble.start()

    @contextmanager
    def server_suspended(self, number: int) -> Iterator[None]:
        member = self.ensemble.members[number]
        member.suspend()
        yield
        member.resume()
        member.wait()

    @contextmanager
    def all_servers_killed(self, number: int) -> Iterator[None]:
        for member in self.ensemble.members:
            member.kill()
        yield
        self.ensemble.start()

    # Rounds

    def choose(self) -> tuple[list[str], list[Fault], float, bool]:
        """Choose a round: names, faults, how long, whether to heal after.

        Only the seed decides, never what happened before.
        """
        names: list[str] = []
        faults: list[Fault] = []
        of_servers = (self.follower_killed, self.leader_killed,
                      self.server_suspended, self.all_servers_killed)
        weights = (3, 3, 3, 1)
        if self.random.random() < 0.6:
            [make] = self.random.choices(of_servers, weights)
            names.append(make.__name__)
            faults.append(make(self.random.randrange(3)))
        of_workers = (self.worker_killed, self.worker_suspended,
                      self.connections_cut, self.connections_refused,
                      self.connections_hung, self.node_deleted)
        count = self.random.choice((1, 2, 4, len(self.processes) // 2))
        for process in self.random.sample(self.processes, count):
            hurt = self.random.choice(of_workers)
            names.append(hurt.__name__)
            faults.append(hurt(process))
        hold = self.random.choice(HOLDS)
        return names, faults, hold, self.random.random() < 0.7

    def round(self, last: bool = False) -> None:
        """Make faults, let them last, undo them, perhaps see all heal."""
        names, faults, hold, heal = self.choose()
        counts = Counter(names)
        text = ', '.join(
            f'{count} × {name.replace("_", " ")}' if count > 1
            else name.replace('_', ' ') for name, count in counts.items())
        with ExitStack() as stack:
            for fault in faults:
                stack.enter_context(fault)
            self.faults.update(counts)
            self.never.wait(hold)
        if heal and not last:
            took = self.heal(HEAL_DEADLINE)
            for name in counts:
                self.healed[name] += counts[name]
                self.longest[name] = max(took, self.longest.get(name, 0))
            self.say(f'{text} for {hold} s: healed in {took:.1f} s'
                     + (f' (last: {self.last})' if took > 1 else ''))
        else:
            self.say(f'{text} for {hold} s')

    # What must be so

    def heal(self, deadline: float) -> float:
        """Change a setting and wait until all is well; return how long.

        :raises Failed: with what was not, after the deadline in seconds
        """
        started = time.monotonic()
        self.last = ''
        self.publish()
        while trouble := self.trouble():
            self.last = trouble
            if time.monotonic() - started > deadline:
                raise Failed(f'not within {deadline} s: {trouble}')
            time.sleep(0.02)
        return time.monotonic() - started

    def publish(self) -> None:
        """Change the setting that all workers watch."""
        self.version += 1
        while True:
            try:
                self.zk.properties(SETTINGS, watch=False).update(
                    version=self.version)
                return
            except (KazooException, KazooTimeoutError, zc.zk.Error):
                self.never.wait(0.1)

    def trouble(self) -> str:
        """Return what is not as it should be, or nothing."""
        living = sorted(each.address for each in self.processes)
        try:
            listed = sorted(self.observer.get_children_async(
                PROVIDERS).get(timeout=1))
        except (KazooException, KazooTimeoutError) as error:
            return f'no answer from ZooKeeper: {error!r}'
        if listed != living:
            return (f'missing: {sorted(set(living) - set(listed))}, '
                    f'dead: {sorted(set(listed) - set(living))}')
        for each in self.processes:
            each.check()
            if each.seen.get('providers') != living:
                return (f'{each.name} saw providers '
                        f'{each.seen.get("providers")}')
            # None may be held as stale when all of them are back.
            if each.seen.get('chosen') != dict.fromkeys(living, 'ready'):
                return (f'{each.name} chooses among '
                        f'{each.seen.get("chosen")}')
            if each.seen.get('settings') != self.version:
                return (f'{each.name} saw version '
                        f'{each.seen.get("settings")}, not {self.version}')
        return ''

    def lost(self) -> tuple[int, int]:
        """Return how many updates were acknowledged, and how many lost."""
        there: dict[str, Any] = {}
        for number in range(SHARED):
            there.update(self.zk.get_properties(f'/chaos/shared/{number}'))
        acknowledged = {
            name: number for each in self.processes
            for name, number in each.acknowledged.items()}
        lost = sum(max(0, number - there.get(name, 0))
                   for name, number in acknowledged.items())
        return sum(acknowledged.values()), lost

    def finish(self) -> None:
        """See that all is well at the end, and say so."""
        took = self.heal(SESSION_TIMEOUT + ALLOWANCE)
        for each in self.processes:
            each.command('stop', 'stopped')
        updates, lost = self.lost()
        living = sorted(each.address for each in self.processes)
        looks = [each.command('look', 'look') for each in self.processes]
        if any(look[:3] != [living, dict.fromkeys(living, 'ready'),
                            self.version] for look in looks):
            raise Failed(f'live data: {looks}')
        for each in self.processes:
            each.leave()
        left = self.observer.get_children(PROVIDERS)
        self.summary(took, updates, lost, max(look[3] for look in looks))
        if left:
            raise Failed(f'left after a clean end: {left}')
        if lost:
            raise Failed(f'{lost} acknowledged updates were lost')

    def summary(
        self, took: float, updates: int, lost: int, threads: int
    ) -> None:
        rows = [('fault', 'times', 'seen to heal', 'longest, s')]
        rows += [(name.replace('_', ' '), str(count), str(self.healed[name]),
                  f'{self.longest.get(name, 0):.1f}')
                 for name, count in sorted(self.faults.items())]
        print(file=self.out)
        for first, *rest in rows:
            print(f'{first:22}' + ''.join(f'{cell:>14}' for cell in rest),
                  file=self.out)
        print(f'\nall well {took:.1f} s after the last fault '
              f'(a session may be silent for {SESSION_TIMEOUT} s)\n'
              f'acknowledged updates: {updates}\nlost updates: {lost}\n'
              f'threads in a worker: {threads} at most', file=self.out)


def run(minutes: float, seed: int, processes: int, out: Any) -> None:
    """Run rounds for so many minutes, then finish.

    :raises Failed: when something did not come back
    """
    chaos = Chaos(seed, processes, out)
    try:
        chaos.say(f'seed {seed}, {processes} processes')
        took = chaos.heal(HEAL_DEADLINE)
        chaos.say(f'all there after {took:.1f} s')
        end = time.monotonic() + 60 * minutes
        while time.monotonic() < end:
            chaos.round()
        # What this one leaves behind has to heal within the time allowed.
        chaos.round(last=True)
        chaos.finish()
    finally:
        chaos.close()


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--minutes', type=float, default=1.0)
    parser.add_argument('--seed', type=int,
                        default=random.SystemRandom().randrange(10 ** 6))
    parser.add_argument('--processes', type=int, default=20)
    options = parser.parse_args(arguments)
    # What was started is ended after a SIGTERM too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    # Lost connections are no news here.
    logging.getLogger('kazoo').setLevel(logging.CRITICAL)
    try:
        run(options.minutes, options.seed, options.processes, sys.stdout)
    except Failed as error:
        print(f'FAILED (seed {options.seed}): {error}', file=sys.stderr)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
