import datetime
import unittest
import unittest.mock

from zc.async_._rules.schedule import check
from zc.async_._rules.schedule import following


UTC = datetime.timezone.utc
HOUR = datetime.timedelta(hours=1)


def at(*numbers):
    return datetime.datetime(*numbers, tzinfo=UTC)


class Cron(unittest.TestCase):

    def next(self, line, after, zone='UTC'):
        return following(line, None, zone, after)

    def test_next(self):
        """A cron line gives the next time, never the same."""
        self.assertEqual(at(2026, 1, 2, 4, 30),
                         self.next('30 4 * * *', at(2026, 1, 1, 4, 30)))

    def test_missing(self):
        """Without cronsim, the extra that brings it is named."""
        with unittest.mock.patch.dict('sys.modules', cronsim=None), \
                self.assertRaisesRegex(ImportError, r'zc.async\[cron\]'):
            check('* * * * *', None, 'UTC')

    def test_zone(self):
        """It is read in its time zone, and given in UTC."""
        self.assertEqual(at(2026, 7, 1, 2, 30), self.next(
            '30 4 * * *', at(2026, 7, 1), 'Europe/Berlin'))
        self.assertEqual(at(2026, 1, 1, 3, 30), self.next(
            '30 4 * * *', at(2026, 1, 1), 'Europe/Berlin'))

    def test_spring(self):
        """A time that the change of the clocks leaves out happens once."""
        # On 29 March 2026, 02:00 to 03:00 does not exist in Berlin.
        first = self.next('30 2 * * *', at(2026, 3, 28, 12),
                          'Europe/Berlin')
        self.assertEqual(at(2026, 3, 29, 1, 0), first)
        self.assertEqual(at(2026, 3, 30, 0, 30), self.next(
            '30 2 * * *', first, 'Europe/Berlin'))

    def test_autumn(self):
        """A time that comes twice happens once."""
        # On 25 October 2026, 02:00 to 03:00 comes twice in Berlin.
        first = self.next('30 2 * * *', at(2026, 10, 24, 12),
                          'Europe/Berlin')
        self.assertEqual(at(2026, 10, 25).date(), first.date())
        self.assertEqual(at(2026, 10, 26, 1, 30), self.next(
            '30 2 * * *', first, 'Europe/Berlin'))

    def test_wrong(self):
        """What is wrong with a schedule is said."""
        for cron, every, zone, text in [
                ('x', None, 'UTC', "cron line 'x' is wrong"),
                ('0 0 30 2 *', None, 'UTC', 'wrong|never due'),
                (None, None, 'UTC', 'not both'),
                ('* * * * *', HOUR, 'UTC', 'not both'),
                (None, HOUR * 0, 'UTC', '1 second or more'),
                (None, HOUR, 'Nowhere/No', "no time zone 'Nowhere/No'")]:
            with self.assertRaisesRegex(ValueError, text):
                check(cron, every, zone)


class Interval(unittest.TestCase):

    def test_steps(self):
        """An interval keeps its steps; missed ones are left out."""
        due = at(2026, 1, 1, 0)
        for after, expected in [(0, 1), (0.5, 1), (1, 2), (7.2, 8)]:
            self.assertEqual(due + expected * HOUR, following(
                None, HOUR, 'UTC', due + after * HOUR, due))

    def test_first(self):
        """The first time is after one interval."""
        self.assertEqual(at(2026, 1, 1, 1),
                         following(None, HOUR, 'UTC', at(2026, 1, 1)))
