"""The examination as a whole: which facts are gathered, in which order.

Runs in its caller's thread.  It must not know how findings are shown.
"""
from __future__ import annotations

import contextlib
import os
import ssl
import time
from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from kazoo.exceptions import NoAuthError
from kazoo.exceptions import NoNodeError

from .._session.requests import Bulk
from ..client import ZooKeeper
from . import clock as _clock
from . import host as _host
from . import monitors as _monitors
from . import probes
from . import words
from .registry import Registry
from .registry import real_path
from .registry import registered
from .rules import ensemble
from .rules import hosts
from .rules import reach
from .rules import reports
from .rules import session
from .rules.finding import Finding
from .rules.finding import Findings
from .rules.reach import Outcome


#: How long to wait for a connection or an answer, in seconds.
TIMEOUT = 2.0
#: How long to watch for nodes that come and go, in seconds.
WATCH = 3.0


class Report:
    """Told what the examination is at; does nothing by itself."""

    def reading(self, items: Iterable[Any]) -> Iterable[Any]:
        """Return nodes that are about to be read."""
        return items

    def probing(self, done: int, total: int) -> None:
        """Take note of how many servers were connected to."""


def examine(
    zk: ZooKeeper,
    path: str = '/',
    *,
    probe: bool = True,
    write: bool = True,
    servers: bool = True,
    watch: float = WATCH,
    timeout: float = TIMEOUT,
    monitors: Collection[str] = (),
    secure: ssl.SSLContext | None = None,
    clock: Callable[[], float] = time.time,
    pause: Callable[[float], None] = time.sleep,
    report: Report | None = None,
) -> list[Finding]:
    """Look for faults of services and of what they need.

    It may take `watch` seconds, and more for large trees and for servers
    that do not answer.

    :param zk: the connection; what it may read is looked at
    :param path: where to look: this node and all below it; may lead through
        links
    :param probe: whether to connect to registered servers and ask their
        monitors
    :param write: whether to look for clock skew, by a transaction that
        creates a node and deletes it again
    :param servers: whether to ask the servers of ZooKeeper one by one
    :param watch: how long to look for nodes that come and go, in seconds;
        0: not at all
    :param timeout: how long to wait for each connection and answer, in
        seconds
    :param monitors: more monitors to ask: ``HOST:PORT``, or paths of
        Unix-domain sockets
    :param secure: for ZooKeeper servers that speak TLS only
    :param clock: gives seconds since 1970
    :param pause: waits for a number of seconds
    :param report: is told how far it has come
    :returns: errors first; the texts may hold what others wrote
    :raises KazooException: when the connection fails
    :raises AddressError: when a monitor's address is none
    """
    asked = {_monitors.place_of(each): each for each in monitors}
    report = report or Report()
    findings = Findings()
    members = [(str(host), int(port)) for host, port in zk.client.hosts]
    if servers:
        ensemble.judge(findings, words.ask_all(members, timeout, secure))
    session.judge_timeout(findings, zk.session_timeout, zk.recv_timeout())
    real = None
    if zk.client.chroot and zk.exists('/') is None:
        findings.error(
            'no-chroot', zk.client.chroot,
            'the root in the connection string does not exist, so there is '
            'nothing below it',
            'create it, or correct the connection string')
    else:
        if write:
            _clock.examine(Bulk(zk.client), findings, clock)
        real = real_path(zk, findings, path)
    told: dict[_monitors.Place, str] = {}
    if real is not None:
        local = all(hosts.is_loopback(host) for host, _ in members)
        registry = Registry(zk, findings, local, clock())
        began = time.monotonic()
        registry.read(real, report.reading)
        if probe:
            told = _probe(findings, zk, registry, members, local, real,
                          timeout, report)
        if watch and registry.services:
            _watch(findings, registry, began, watch, pause)
    _ask(findings, told, asked, timeout)
    return findings.all()


def examine_servers(
    members: Sequence[tuple[str, int]],
    *,
    timeout: float = TIMEOUT,
    secure: ssl.SSLContext | None = None,
) -> list[Finding]:
    """Look for faults of the servers of ZooKeeper, without a session.

    :param members: host and port of each
    :param timeout: how long to wait for each connection and answer, in
        seconds
    :param secure: for servers that speak TLS only
    """
    findings = Findings()
    ensemble.judge(findings, words.ask_all(members, timeout, secure))
    return findings.all()


def _probe(
    findings: Findings,
    zk: ZooKeeper,
    registry: Registry,
    members: Collection[probes.Address],
    local: bool,
    path: str,
    timeout: float,
    report: Report,
) -> dict[_monitors.Place, str]:
    """Compare the registry with what is true; return monitors' places."""
    # The loopback of a machine that we do not know is not ours.
    servers = [(each, each.address) for each in registry.servers
               if each.address is not None and not each.leaving
               and not hosts.is_wildcard(each.address[0])
               and (local or not hosts.is_loopback(each.address[0]))]
    outcomes = probes.attempts(
        {address for _, address in servers if address[1]}, timeout,
        report.probing)
    # Now, since servers may have come and gone meanwhile
    machine = _host.look(
        _host.looked_up(members),
        [each.pid for each, _ in servers if each.pid is not None])
    for each, address in servers:
        reach.judge_server(
            findings, each, outcomes.get(address), machine, timeout)
    _look_around(findings, zk, registry, machine, local, path)
    return _monitors.places(
        [each for each, address in servers
         if outcomes.get(address) == Outcome.ACCEPTED], machine)


def _look_around(
    findings: Findings,
    zk: ZooKeeper,
    registry: Registry,
    machine: reach.Machine,
    local: bool,
    path: str,
) -> None:
    """Look for servers on this machine that are not registered."""
    found = reach.unregistered(
        reach.suspects(machine, local, os.getpid()), registry.servers)
    if found:
        # They may be registered elsewhere, and where we may not read.
        with contextlib.suppress(NoAuthError, NoNodeError):
            for each in reach.unregistered(found, list(registered(zk))):
                reach.judge_process(findings, path, each)


def _ask(
    findings: Findings,
    told: Mapping[_monitors.Place, str],
    asked: Mapping[_monitors.Place, str],
    timeout: float,
) -> None:
    """Ask monitors.

    :param told: those that nodes tell of
    :param asked: those that somebody named
    """
    places = {**told, **asked}
    for place, reply in _monitors.ask_all(places, timeout).items():
        if not reply.failure:
            reports.judge(findings, places[place], reply.answer)
        elif place in asked or not reply.hidden:
            reports.judge_silent(findings, places[place], reply.failure)


def _watch(
    findings: Findings,
    registry: Registry,
    began: float,
    watch: float,
    pause: Callable[[float], None],
) -> None:
    """Look again at the services, when enough time has passed.

    :param began: of ``time.monotonic()``
    """
    pause(max(0.0, watch - (time.monotonic() - began)))
    passed = max(watch, time.monotonic() - began)
    for path, changes in registry.churn():
        session.judge_churn(findings, path, changes, passed)
