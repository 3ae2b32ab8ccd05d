"""One process of the chaos test: registers, watches, updates, and reports.

Started by `chaos` with a connection string, its name, the address that it
claims to serve, a node to update, and a session timeout in seconds.  Prints
a JSON object a line: what a callback saw, each update that was acknowledged,
each trouble.  Takes the commands ``stop`` (updating) and ``look`` (at the
live data) from standard input; at its end it leaves ZooKeeper and exits.
"""
from __future__ import annotations

import functools
import json
import logging
import random
import sys
import threading
import time
import traceback
from collections.abc import Callable
from typing import Any

from kazoo.exceptions import KazooException
from kazoo.handlers.threading import KazooTimeoutError

import zc.zk


PROVIDERS = '/chaos/providers'
SETTINGS = '/chaos/settings'

_printing = threading.Lock()


def say(**what: Any) -> None:
    """Report; any thread."""
    with _printing:
        print(json.dumps(what), flush=True)


def states(providers: zc.zk.Providers) -> dict[str, str]:
    """Return the state of each provider, by name."""
    return {each.name: each.state.value for each in providers}


class Worker:
    """The process."""

    def __init__(
        self, connection: str, name: str, address: str, shared: str,
        session_timeout: float,
    ) -> None:
        self.name = name
        self.stopping = threading.Event()
        self.zk = zc.zk.ZooKeeper(connection, session_timeout, wait=True)
        self.insist(lambda: self.zk.register(
            PROVIDERS, address, worker=name))
        self.providers = self.insist(lambda: self.zk.children(PROVIDERS))
        self.settings = self.insist(lambda: self.zk.properties(SETTINGS))
        self.shared = self.insist(
            lambda: self.zk.properties(shared, watch=False))
        self.chosen = self.insist(lambda: self.zk.providers(PROVIDERS))
        self.providers(self.saw_providers)
        self.chosen(self.saw_chosen)
        self.settings(self.saw_settings)
        self.updater = threading.Thread(target=self.update)
        self.updater.start()

    def insist(self, call: Callable[[], Any]) -> Any:
        """Call until ZooKeeper answers; other faults are reported."""
        while True:
            try:
                return call()
            except (KazooException, KazooTimeoutError, zc.zk.Error) as error:
                say(retry=f'{type(error).__name__}: {error}')
                time.sleep(0.1)

    def saw_providers(self, providers: zc.zk.Children) -> None:
        say(providers=sorted(providers))

    def saw_chosen(self, providers: zc.zk.Providers) -> None:
        say(chosen=states(providers))

    def saw_settings(self, settings: zc.zk.Properties) -> None:
        say(settings=settings.get('version'))

    def update(self) -> None:
        """Count in a property of our own, in a node shared with others."""
        number = 0
        try:
            while not self.stopping.wait(random.uniform(0.05, 0.25)):
                number += 1
                self.insist(functools.partial(
                    self.shared.update, {self.name: number}))
                say(acknowledged=number)
        except BaseException:
            say(error=traceback.format_exc())

    def obey(self) -> None:
        """Do what standard input says, until it ends."""
        for line in sys.stdin:
            if line == 'stop\n':
                self.stopping.set()
                self.updater.join()
                say(stopped=True)
            elif line == 'look\n':
                say(look=[sorted(self.providers), states(self.chosen),
                          self.settings.get('version'),
                          threading.active_count()])
        self.stopping.set()
        self.updater.join()
        self.zk.close()


def main(arguments: list[str]) -> None:
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    connection, name, address, shared, timeout = arguments
    try:
        Worker(connection, name, address, shared, float(timeout)).obey()
    except BaseException:
        say(error=traceback.format_exc())
        raise


if __name__ == '__main__':
    main(sys.argv[1:])
