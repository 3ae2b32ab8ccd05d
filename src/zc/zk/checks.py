"""Find out again and again whether a server of this process works.

A door: it only hands names on.
"""
from ._checks.check import COMMAND
from ._checks.check import HTTP
from ._checks.check import TCP
from ._checks.check import Check
from ._checks.check import parse
from ._checks.health import DOWN_AFTER
from ._checks.health import INTERVAL
from ._checks.health import TIMEOUT
from ._checks.health import UP_AFTER
from ._checks.marks import Marks
from ._checks.owners import available
from ._checks.watch import HealthWatch
from ._checks.watch import Pace


__all__ = [
    'COMMAND',
    'Check',
    'DOWN_AFTER',
    'HTTP',
    'HealthWatch',
    'INTERVAL',
    'Marks',
    'Pace',
    'TCP',
    'TIMEOUT',
    'UP_AFTER',
    'available',
    'parse',
]
