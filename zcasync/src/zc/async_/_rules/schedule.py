"""When a schedule is due next.

Pure; the clock is an argument.  Cron lines are read by cronsim (extra
``cron``), which treats daylight saving as Debian's cron does: a time that is
left out happens at the next one that exists, a time that comes twice happens
once.
"""
from __future__ import annotations

import datetime
import zoneinfo


__all__ = ['check', 'following']

UTC = datetime.timezone.utc
#: The shortest interval, in seconds: a schedule is no busy loop.
SHORTEST = 1.0


def check(cron: str | None, every: datetime.timedelta | None,
          zone: str) -> None:
    """Check what a schedule is made of.

    :raises ValueError: when something is wrong
    :raises ImportError: when cronsim is missing
    """
    if (cron is None) == (every is None):
        raise ValueError('A schedule has a cron line or an interval, and not '
                         'both.')
    if every is not None and every.total_seconds() < SHORTEST:
        raise ValueError(f'An interval is {SHORTEST:g} second or more, not '
                         f'{every}.')
    try:
        zoneinfo.ZoneInfo(zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        raise ValueError(f'There is no time zone {zone!r}.') from None
    if cron is not None:
        following(cron, every, zone, datetime.datetime(2026, 1, 1, tzinfo=UTC))


def following(cron: str | None, every: datetime.timedelta | None, zone: str,
              after: datetime.datetime,
              due: datetime.datetime | None = None) -> datetime.datetime:
    """Return when a schedule is due next.

    :param cron: a cron line
    :param every: an interval
    :param zone: the name of the time zone that the cron line is in
    :param after: the next time is after this one; those before are left out
    :param due: when it was due last, for an interval to keep its steps
    :raises ValueError: when the cron line is wrong, or never due again
    """
    if every is not None:
        if due is None:
            return after + every
        steps = max(1, (after - due) // every + 1)
        return due + steps * every
    try:
        import cronsim
    except ImportError:
        raise ImportError(
            'Schedules by cron lines need cronsim.  Install zc.async[cron].'
            ) from None
    assert cron is not None
    try:
        found: datetime.datetime = next(cronsim.CronSim(
            cron, after.astimezone(zoneinfo.ZoneInfo(zone))))
    except cronsim.CronSimError as e:
        raise ValueError(f'The cron line {cron!r} is wrong: {e}.') from None
    except StopIteration:
        raise ValueError(f'The cron line {cron!r} is never due.') from None
    return found.astimezone(UTC)
