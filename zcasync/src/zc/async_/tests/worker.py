"""A dispatcher in a process of its own: worker.py PORT [OPTIONS].

Works on the ZEO server at PORT of loopback, until it gets a signal.
"""
from __future__ import annotations

import argparse
import datetime
import logging
import signal
import sys
import threading
from typing import Any

import ZEO
import ZODB
import zope.component

import zc.zk
from zc.async_ import configure
from zc.async_ import dispatcher
from zc.async_.interfaces import DatabaseOpened
from zc.async_.queue import DispatcherAgents
from zc.async_.subscribers import AgentInstaller
from zc.async_.zookeeper import DispatcherInstaller


def main() -> None:
    """Run until a signal comes."""
    parser = argparse.ArgumentParser()
    parser.add_argument('port', type=int)
    parser.add_argument('--size', type=int, default=3)
    parser.add_argument('--ping', type=float, default=0.3)
    parser.add_argument('--death', type=float, default=1.5)
    parser.add_argument('--poll', type=float, default=0.2)
    parser.add_argument('--drain', type=float, default=1.0)
    parser.add_argument('--zk', help='HOST:PORT of a ZooKeeper server')
    options = parser.parse_args()
    # A coverage measurement has a handler of its own, which would end the
    # process by the signal after ours.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    logging.basicConfig(
        level=logging.INFO, stream=sys.stdout,
        format='%(asctime)s %(levelname)s %(name)s %(message)s')
    logging.getLogger('zc.async.trace').setLevel(logging.WARNING)
    DispatcherAgents.ping_interval = datetime.timedelta(seconds=options.ping)
    DispatcherAgents.ping_death_interval = datetime.timedelta(
        seconds=options.death)
    db = ZODB.DB(ZEO.client(('127.0.0.1', options.port), wait_timeout=60))
    configure.base()
    if options.zk:
        start_registered(db, options)
    else:
        configure.start(db, poll_interval=options.poll, drain=options.drain,
                        agent_size=options.size)
    try:
        while dispatcher.get().activated is not False:
            # Not one long wait: signals are seen in between.
            threading.Event().wait(0.5)
    finally:
        db.close()


def start_registered(db: Any, options: argparse.Namespace) -> None:
    """Start a dispatcher that is a node below /jobs."""
    zk = zc.zk.ZooKeeper(options.zk, session_timeout=2)
    zope.component.provideHandler(
        AgentInstaller('main', size=options.size))
    DispatcherInstaller(
        zk, '/jobs', poll_interval=options.poll,
        drain=options.drain)(DatabaseOpened(db))


if __name__ == '__main__':
    main()
