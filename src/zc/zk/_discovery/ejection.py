"""When a server is left alone for a while, and when it is tried again.

The shape is that of gRPC's outlier detection (grpc/proposal, A50): failures
in a row or too few successes eject, for longer each time, and only a part
of the servers at once.  Pure: the clock and chance are arguments.
"""
from __future__ import annotations

from .rules import Rules


class TrackRecord:
    """What reports about one server add up to.

    Reports are counted in two halves of the window, so that the oldest are
    forgotten without keeping each.

    :ivar streak: failures in a row; a success sets it to 0
    :ivar good: successes in the present half of the window
    :ivar turn_at: when `turn` begins the next half
    :ivar ejections: how often it was ejected lately: one is forgiven for
        each time of a first ejection without another
    :ivar forgive_at: when the next one is
    :ivar until: when its ejection is over; 0 while it is not ejected
    :ivar refused: whether it was ejected for refused connections
    :ivar on_trial: whether one request is out to see whether it is back
    """

    __slots__ = ('_bad', '_older_bad', '_older_good', 'ejections',
                 'forgive_at', 'good', 'on_trial', 'refused', 'streak',
                 'turn_at', 'until')

    def __init__(self) -> None:
        self.streak = 0
        self.ejections = 0
        self.until = 0.0
        self.refused = False
        self.on_trial = False
        self.forgive_at = 0.0
        self.turn_at = 0.0
        self.good = 0
        self._bad = self._older_good = self._older_bad = 0

    def failed(self, now: float, rules: Rules) -> bool:
        """Count a failure, and tell whether that is too much."""
        if now >= self.turn_at:
            self.turn(now, rules)
        self.streak += 1
        self._bad += 1
        if self.streak >= rules.failures:
            return True
        good = self.good + self._older_good
        reports = good + self._bad + self._older_bad
        return (reports >= rules.least_reports
                and good < rules.least_success * reports)

    def turn(self, now: float, rules: Rules) -> None:
        """Begin another half of the window; the oldest half is forgotten.
        """
        half = rules.report_window / 2
        if now < self.turn_at + half:
            self._older_good, self._older_bad = self.good, self._bad
        else:
            self._older_good = self._older_bad = 0
        self.good = self._bad = 0
        self.turn_at = now + half
        if self.ejections and not self.until and now >= self.forgive_at:
            self.ejections -= 1
            self.forgive_at = now + rules.eject

    def eject(
        self, now: float, refused: bool, chance: float, rules: Rules
    ) -> None:
        """Have it left alone from now on.

        :param refused: whether nobody listens there
        :param chance: a number from 0 to 1
        """
        self.ejections += 1
        seconds = min(rules.eject * self.ejections, rules.longest_ejection)
        self.until = now + seconds * (1.0 + rules.jitter * chance)
        self.refused = refused
        self.on_trial = False

    def reinstate(self, now: float, rules: Rules) -> None:
        """Have it used again; what was counted before is over."""
        self.until = 0.0
        self.on_trial = False
        self.streak = 0
        self.good = self._bad = self._older_good = self._older_bad = 0
        self.forgive_at = now + rules.eject


def allowed(
    refused: bool, total: int, ejected: int, failing: int, rules: Rules
) -> bool:
    """Tell whether one more server may be ejected.

    :param refused: whether nobody listens there
    :param total: how many servers there are, ejected ones included
    :param ejected: how many are ejected
    :param failing: how many of them for other errors than refused
        connections
    """
    if ejected + 1 > total * rules.most_refused:
        return False
    return refused or failing + 1 <= max(1, int(total * rules.most_failing))
