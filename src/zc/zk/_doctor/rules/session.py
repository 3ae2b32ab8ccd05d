"""The session: its timeout, and the clocks at its two ends.

Pure.  Times are arguments.
"""
from __future__ import annotations

from .finding import Findings


#: How far the clocks may be apart, in seconds.  NTP keeps milliseconds.
MOST_SKEW = 2.0
#: How often nodes may come and go while the doctor looks: a few servers that
#: restart are no fault.
MOST_CHANGES = 6


def judge_timeout(
    findings: Findings, asked: float, granted: float
) -> None:
    """Judge the session timeout.

    :param asked: what was asked for, in seconds
    :param granted: what the server gave, in seconds
    """
    # It is sent in milliseconds.
    if abs(asked - granted) >= 0.001:
        findings.warning(
            'session-timeout', '/',
            f'a session timeout of {asked:g} seconds was asked for, and '
            f'ZooKeeper allows {"at least" if granted > asked else "at most"} '
            f'{granted:g}',
            'ask for one that it allows, or change minSessionTimeout and '
            'maxSessionTimeout of all servers')


def judge_clock(
    findings: Findings, theirs: float, before: float, after: float
) -> None:
    """Judge the clock of this machine beside that of the leader.

    :param theirs: the time of the leader, in seconds since 1970
    :param before: the time here when it was asked
    :param after: the time here when it had answered
    """
    apart = (before - theirs if theirs < before else
             theirs - after if theirs > after else 0.0)
    if apart > MOST_SKEW:
        findings.warning(
            'clock-skew', '/',
            f'the clock of this machine is {apart:.1f} seconds '
            f'{"ahead of" if theirs < before else "behind"} that of '
            'ZooKeeper',
            'have all machines set their clocks by NTP')


def judge_churn(
    findings: Findings, path: str, changes: int, seconds: float
) -> None:
    """Judge how often servers come and go.

    :param changes: how many came or went meanwhile
    :param seconds: how long that was
    """
    if changes >= MOST_CHANGES and changes >= seconds:
        findings.warning(
            'churn', path,
            f'{changes} times a node came or went within {seconds:.1f} '
            'seconds',
            'unless that was a deployment, look for servers that start again '
            'and again, or lose their sessions')
