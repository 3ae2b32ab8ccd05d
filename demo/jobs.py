"""A short story: a shop's mails are sent by jobs, and a sender is killed.

Run by ``make demo-async``: a ZEO server, an embedded ZooKeeper server, and
two processes with a dispatcher each.  It ends by itself and ends what it
started.
"""
from __future__ import annotations

import contextlib
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from collections.abc import Callable

import post
import transaction
import ZEO
import ZODB
import zope.component

import zc.zk
from zc.async_ import configure
from zc.async_ import dispatcher
from zc.async_.interfaces import KEY
from zc.async_.interfaces import DatabaseOpened
from zc.async_.job import Job
from zc.async_.subscribers import AgentInstaller
from zc.async_.subscribers import QueueInstaller
from zc.async_.zookeeper import DispatcherInstaller
from zc.async_.zookeeper import Waker
from zc.zk.testing import Server


ORDERS = 40
# Seconds that any step may take on a slow machine.
PATIENCE = 60.0


def say(text: str) -> None:
    print('\n' + textwrap.fill(' '.join(text.split()), 72), flush=True)


def wait_until(condition: Callable[[], bool], what: str) -> None:
    """Wait for a condition; say what is missing if it never holds."""
    until = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > until:
            raise SystemExit(f'waited {PATIENCE} s: {what}')
        time.sleep(0.05)


def send_mails(port: str, zookeeper: str) -> None:
    """Be a process that sends mails, until a signal comes."""
    db = ZODB.DB(ZEO.client(('127.0.0.1', int(port)), wait_timeout=PATIENCE))
    zk = zc.zk.ZooKeeper(zookeeper, session_timeout=2)
    configure.base()
    zope.component.provideHandler(AgentInstaller('main', size=3))
    DispatcherInstaller(zk, '/jobs')(DatabaseOpened(db))
    while dispatcher.get().activated is not False:
        threading.Event().wait(0.5)
    db.close()


class Shop:
    """The processes, and what they use."""

    def __init__(self, directory: str) -> None:
        self.directory = directory
        self.outbox = pathlib.Path(directory, 'outbox')
        self.outbox.mkdir()
        self.stack = contextlib.ExitStack()
        self.zookeeper = Server(tick_time=0.5)
        self.zookeeper.start()
        self.stack.callback(self.zookeeper.stop)
        self.zk = zc.zk.ZooKeeper(self.zookeeper.connection_string)
        self.stack.callback(self.zk.close)
        self.zk.import_tree('/jobs\n')
        with socket.socket() as free:
            free.bind(('127.0.0.1', 0))
            self.port = free.getsockname()[1]
        self.start('zeo', '-m', 'ZEO.runzeo', '-a', f'127.0.0.1:{self.port}',
                   '-f', f'{directory}/shop.fs')
        self.db = ZODB.DB(ZEO.client(
            ('127.0.0.1', self.port), wait_timeout=PATIENCE))
        self.stack.callback(self.db.close)
        configure.base()
        QueueInstaller()(DatabaseOpened(self.db))
        self.stack.callback(Waker(self.zk, '/jobs').close)

    def start(self, name: str, *command: str) -> subprocess.Popen[bytes]:
        """Start a process, which is ended at the end."""
        with open(f'{self.directory}/{name}.log', 'wb') as log:
            process = subprocess.Popen(
                [sys.executable, *command], stdout=log, stderr=log,
                env={**os.environ,
                     'ZC_ASYNC_UUID': f'{self.directory}/{name}.uuid'})
        self.stack.callback(process.wait, PATIENCE)
        self.stack.callback(process.terminate)
        return process

    def sender(self, name: str) -> subprocess.Popen[bytes]:
        """Start a process that sends mails."""
        return self.start(name, __file__, str(self.port),
                          self.zookeeper.connection_string)

    def orders(self) -> list[post.Order]:
        """Return the orders, as they are now."""
        transaction.begin()
        return list(self.root.get('orders', ()))

    def mailed(self) -> int:
        """Return how many orders have their mail."""
        return sum(1 for order in self.orders() if order.mailed)

    def run(self) -> None:
        """Tell the story."""
        connection = self.db.open()
        self.stack.callback(connection.close)
        self.stack.callback(transaction.abort)
        self.root = connection.root()
        queue = self.root[KEY]['']
        say('Two processes, Anna and Bert, send the mails of a shop: each '
            'has a dispatcher, and three threads for jobs.')
        anna = self.sender('anna')
        self.sender('bert')
        dispatchers = self.zk.children('/jobs/dispatchers')
        wait_until(lambda: len(dispatchers) == 2, 'two dispatchers')
        say(f'{ORDERS} customers order something.  Each order is stored in '
            'one transaction with the job that will send its mail: there is '
            'no order without its mail, and no mail without its order.')
        orders = [post.Order(number, f'customer {number}')
                  for number in range(1, ORDERS + 1)]
        self.root['orders'] = orders
        for order in orders:
            connection.add(order)
            queue.put(Job(order.confirm, str(self.outbox)))
        transaction.commit()
        wait_until(lambda: self.mailed() >= 5, 'some mails')
        anna.kill()
        say(f'kill -9!  Anna is dead after {self.mailed()} mails, in the '
            'middle of others.  When her session ends after two seconds, '
            'Bert takes over what she had.')
        wait_until(lambda: self.mailed() == ORDERS, 'all mails')
        attempts = (self.outbox / 'attempts').read_text().split()
        mails = sorted(self.outbox.glob('*.mail'))
        counts = {order.mailed for order in self.orders()}
        say(f'{len(mails)} mails for {ORDERS} orders.  Jobs began '
            f'{len(attempts)} times, since Bert began again what Anna had '
            'not committed; but each order counts its mail once.')
        if len(mails) != ORDERS or counts != {1}:
            raise SystemExit(f'wrong: {len(mails)} mails, counted {counts}')


def main() -> None:
    if len(sys.argv) > 1:
        send_mails(*sys.argv[1:])
        return
    with tempfile.TemporaryDirectory() as directory:
        shop = Shop(directory)
        with shop.stack:
            shop.run()


if __name__ == '__main__':
    main()
