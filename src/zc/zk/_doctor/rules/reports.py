"""What a process's monitor says of its registrations.

Pure.  The text comes from whoever listens at the monitor's address.
"""
from __future__ import annotations

from .finding import Findings
from .finding import clipped


#: How the lines of the answer begin.
_REGISTRATION = '  registration '
_SESSION = 'session '
#: The state of a session that is as it should be.
_CONNECTED = 'CONNECTED'
#: Those of a registration that is not, and of one that nobody wants.
_WAITS = ('pending', 'waiting')
_FAILS, _CLOSED = 'failed', 'closed'
_STATES = (*_WAITS, _FAILS, _CLOSED, 'registered')


def judge(findings: Findings, address: str, answer: str) -> None:
    """Judge the answer to the command ``connection``.

    :param address: of the monitor
    """
    monitor = clipped(address)
    lost = ''
    for line in answer.splitlines():
        if line.startswith(_SESSION):
            servers, _, state = line.rpartition(': ')
            lost = '' if state == _CONNECTED else (
                f'{clipped(servers.rpartition(" at ")[2])}: {clipped(state)}')
        elif line.startswith(_REGISTRATION):
            path, state, why = _parsed(line[len(_REGISTRATION):])
            if lost and state != _CLOSED:
                findings.error(
                    'no-session', monitor,
                    'the process with this monitor has no connection to '
                    + lost,
                    'look whether ZooKeeper can be reached from its machine')
                lost = ''       # said once
            if state == _FAILS:
                findings.error(
                    'registration-fails', path,
                    f'the process with the monitor {monitor} cannot register '
                    f'it{why}',
                    'remove the cause; the process tries again by itself')
            elif state in _WAITS:
                findings.error(
                    'registration-waits', path,
                    f'the process with the monitor {monitor} waits to '
                    f'register it ({state}){why}',
                    'look for its connection' if state == 'pending' else
                    'another server has a node of this name: stop one of '
                    'them')


def _parsed(text: str) -> tuple[str, str, str]:
    """Return the path, the state, and an error."""
    for state in _STATES:
        path, found, rest = text.partition(f': {state}')
        if found and (not rest or rest.startswith(' (')):
            why = rest[2:].removesuffix(')')
            return clipped(path), state, f': {clipped(why)}' if why else ''
    return clipped(text), '', ''


def judge_silent(findings: Findings, address: str, reason: str) -> None:
    """Tell of a monitor that does not answer."""
    findings.warning(
        'monitor-silent', clipped(address),
        f'the monitor does not answer: {clipped(reason)}',
        'look whether the process runs')
