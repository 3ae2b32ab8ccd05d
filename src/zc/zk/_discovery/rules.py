"""Every default of discovery, once, with its unit and its reason.

Pure.  It must not know how the rules are applied.
"""
from __future__ import annotations

from typing import NamedTuple


#: The name of our own format of servers' nodes.
OWN = 'zc.zk'
#: The way to choose unless another is given.
TWO_CHOICES = 'two choices'


class Rules(NamedTuple):
    """What decides whom to talk to.

    :ivar latency_memory: seconds after which a latency has lost two thirds
        of its influence: long enough to remember a slow server between two
        requests, short enough to try it again
    :ivar failures: failures in a row after which a server is ejected
    :ivar least_success: the share of successes below which it is ejected
    :ivar least_reports: how many reports that share needs to mean anything
    :ivar report_window: seconds of reports that the share is taken from
    :ivar eject: seconds of a first ejection; the second lasts twice as
        long, the third three times; 0 ejects nobody
    :ivar longest_ejection: seconds that an ejection lasts at most, so that
        a mended server is back within minutes
    :ivar jitter: the share by which an ejection is lengthened at random, so
        that clients do not all try a server at one moment
    :ivar most_refused: the share of servers that may be ejected at a time.
        A refused connection proves that nobody listens
    :ivar most_failing: the share that may be ejected for other errors, at
        least one: those may be the caller's own fault
    :ivar least_healthy: the share of healthy servers below which ejections
        are ignored: the few that are left would break down
    :ivar zone_healthy: the share of healthy servers of the own zone above
        which requests stay in it; beneath, they spill in proportion
    :ivar hold: seconds that servers are kept which vanished in a mass
        without a word; 0 keeps none
    :ivar vanish_window: seconds within which disappearances count as one:
        sessions that end for one reason end within a session timeout
    :ivar vanish_share: the share of a service that must vanish for that
    """

    latency_memory: float = 10.0
    failures: int = 5
    least_success: float = 0.8
    least_reports: int = 5
    report_window: float = 30.0
    eject: float = 30.0
    longest_ejection: float = 300.0
    jitter: float = 0.1
    most_refused: float = 0.5
    most_failing: float = 0.1
    least_healthy: float = 0.5
    zone_healthy: float = 0.7
    hold: float = 300.0
    vanish_window: float = 30.0
    vanish_share: float = 0.5
