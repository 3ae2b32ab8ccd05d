"""Faults while dispatchers work: python -m zc.async_.tests.chaos.

Three dispatchers on one queue of a ZEO server.  They are killed, stopped
and continued, ended and started again; the server is killed and started
again.  In the end each job must have its effect once, and each callback.
"""
from __future__ import annotations

import argparse
import random
import signal
import tempfile
import time
from collections import Counter
from typing import Any

from zc.async_.interfaces import DatabaseOpened
from zc.async_.subscribers import QueueInstaller
from zc.async_.tests import ledger
from zc.async_.tests.processes import Process
from zc.async_.tests.processes import Server
from zc.async_.tests.processes import dispatcher


#: Seconds that everything has to end after the last fault.
SETTLE = 120.0


class Chaos:
    """Some dispatchers, and what happens to them.

    :param seed: which faults come
    """

    def __init__(self, directory: str, seed: int, count: int = 3) -> None:
        self.directory = directory
        self.chance = random.Random(seed)
        self.count: Counter[str] = Counter()
        self.server = Server(directory)
        self.db = self.server.open()
        QueueInstaller()(DatabaseOpened(self.db))
        self.connection = self.db.open(ledger.manager())
        self.path = f'{directory}/starts'
        self.workers: list[Process] = [
            dispatcher(f'worker{number}', directory, self.server.port)
            for number in range(count)]
        self.stopped: dict[Process, float] = {}
        self.jobs = 0

    def close(self) -> None:
        """End all processes."""
        for worker in self.workers:
            worker.kill()
        self.connection.transaction_manager.abort()
        self.connection.close()
        self.db.close()
        self.server.kill()

    def put(self) -> None:
        """Put some jobs."""
        count = self.chance.randrange(1, 20)
        ledger.put(self.connection, self.jobs, count, self.path, self.chance)
        self.jobs += count

    def fault(self) -> None:
        """Let something happen."""
        kind = self.chance.choice(
            ['kill', 'kill', 'stop', 'stop', 'end', 'server'])
        running = [worker for worker in self.workers
                   if worker not in self.stopped]
        if kind == 'server':
            self.server.kill()
            self.server.start()
        elif not running:
            return
        else:
            worker = self.chance.choice(running)
            if kind == 'kill':
                worker.kill()
                worker.start()
            elif kind == 'stop':
                # Some are back before anybody notices.
                worker.send(signal.SIGSTOP)
                self.stopped[worker] = (
                    time.monotonic() + self.chance.choice([0.3, 3.0, 4.0]))
            else:
                worker.end()
                worker.start()
        self.count[kind] += 1

    def go_on(self, all_of_them: bool = False) -> None:
        """Let stopped dispatchers go on when it is time."""
        for worker, until in list(self.stopped.items()):
            if all_of_them or time.monotonic() > until:
                worker.send(signal.SIGCONT)
                del self.stopped[worker]

    def run(self, seconds: float) -> None:
        """Put jobs and make faults for some time, then wait for the end."""
        until = time.monotonic() + seconds
        due = time.monotonic() + 5
        while time.monotonic() < until:
            if ledger_quiet(self.connection, self.jobs):
                self.put()
            self.go_on()
            if time.monotonic() > due:
                self.fault()
                due = time.monotonic() + self.chance.uniform(1.5, 4)
            time.sleep(0.05)
        self.go_on(all_of_them=True)
        until = time.monotonic() + SETTLE
        while ledger.pending(self.connection):
            if time.monotonic() > until:
                break
            time.sleep(0.1)

    def check(self) -> dict[str, Any]:
        """Check the ledger; return a table."""
        return {**ledger.check(self.connection, self.path),
                **{f'fault: {kind}': count
                   for kind, count in sorted(self.count.items())}}


def ledger_quiet(connection: Any, jobs: int, limit: int = 60) -> bool:
    """Say whether few jobs wait."""
    connection.transaction_manager.begin()
    entries = connection.root().get('ledger', {})
    waiting = 0
    for number in range(jobs - 1, max(-1, jobs - 2 * limit), -1):
        waiting += entries[number].job.status != 'completed-status'
    return waiting < limit


def main() -> None:
    """Run for some minutes and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--minutes', type=float, default=1.5)
    parser.add_argument('--seed', type=int, default=2026)
    options = parser.parse_args()
    print(f'seed {options.seed}', flush=True)
    with tempfile.TemporaryDirectory() as directory:
        chaos = Chaos(directory, options.seed)
        try:
            chaos.run(options.minutes * 60)
            for name, number in chaos.check().items():
                print(f'{name:20} {number:8}')
        except BaseException:
            for process in [chaos.server, *chaos.workers]:
                print(f'--- {process.name}\n{process.output()[-6000:]}')
            raise
        finally:
            chaos.close()
    print('each job had its effect once')


if __name__ == '__main__':
    main()
