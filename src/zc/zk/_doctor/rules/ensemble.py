"""The servers of ZooKeeper themselves, one by one and together.

Pure.  It must not know how they are asked.
"""
from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from .finding import Findings
from .finding import clipped
from .reach import Outcome


#: What a server without a quorum answers.
_NOT_SERVING = 'not currently serving'


class ZooKeeperServer(NamedTuple):
    """A server of the connection string.

    :ivar address: ``HOST:PORT``
    :ivar outcome: what came of the attempt to connect
    :ivar answer: to ``srvr``; empty: there was none
    """

    address: str
    outcome: Outcome
    answer: str = ''

    @property
    def mode(self) -> str:
        """Leader, follower, observer, standalone, read-only; or empty."""
        return self._told('Mode:')

    @property
    def version(self) -> str:
        """Its version without the build, or the empty string."""
        return self._told('Zookeeper version:').partition('-')[0].strip(',')

    @property
    def serving(self) -> bool | None:
        """Whether it serves; None when that is not known."""
        if self.outcome != Outcome.ACCEPTED or _NOT_SERVING in self.answer:
            return False
        if self.mode == 'read-only':
            return False
        return True if self.mode else None

    def _told(self, name: str) -> str:
        """Return the first word behind a name in the answer."""
        for line in self.answer.splitlines():
            if line.startswith(name):
                word, *_ = line[len(name):].split(None, 1) or ['']
                return word[:30]
        return ''


def judge(findings: Findings, peers: Sequence[ZooKeeperServer]) -> None:
    """Judge the servers of a connection string."""
    for each in peers:
        _judge_one(findings, each)
    serving = [each for each in peers if each.serving]
    known = [each for each in peers if each.serving is not None]
    names = ','.join(each.address for each in peers)
    if len(peers) > 1 and not serving and len(known) == len(peers):
        findings.error(
            'no-quorum', clipped(names),
            'no server of ZooKeeper serves: more than half of the ensemble '
            'must run and reach each other',
            'start the servers that are down, and look for firewalls between '
            'them; clients keep their last lists meanwhile')
    alone = [each.address for each in serving if each.mode == 'standalone']
    if len(peers) > 1 and alone and len(serving) > 1:
        findings.error(
            'split-ensemble', clipped(', '.join(alone)),
            'these servers run alone and share no data with the others of '
            'the connection string',
            'correct the connection string, or configure them as one '
            'ensemble')
    leaders = [each.address for each in serving if each.mode == 'leader']
    if len(leaders) > 1:
        findings.error(
            'split-ensemble', clipped(', '.join(leaders)),
            'each of these servers leads an ensemble of its own',
            'correct the connection string')
    versions = {each.version: each.address for each in peers if each.version}
    if len(versions) > 1:
        findings.warning(
            'versions', clipped(names),
            'the servers have different versions: ' + clipped(', '.join(
                f'{version} at {address}'
                for version, address in sorted(versions.items()))),
            'end the upgrade: while it lasts, an ensemble does what its '
            'oldest server can')


def _judge_one(findings: Findings, peer: ZooKeeperServer) -> None:
    what = {Outcome.REFUSED: 'refuses connections',
            Outcome.TIMED_OUT: 'does not answer in time',
            Outcome.UNKNOWN_HOST: 'has a host name that is not known here',
            Outcome.UNREACHABLE: 'cannot be reached from here'}.get(
                peer.outcome)
    if what is not None:
        findings.error(
            'server-down', peer.address, f'this ZooKeeper server {what}',
            'start it, or take it out of the connection string')
    elif peer.serving is False:
        findings.error(
            'server-not-serving', peer.address,
            'this ZooKeeper server runs, but has no quorum and '
            + ('allows only reads' if peer.mode else 'serves nobody'),
            'look whether the other servers run and whether it reaches them')
