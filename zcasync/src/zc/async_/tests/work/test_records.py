import unittest

from zc.async_._work.records import JobRecords
from zc.async_._work.records import PollInfo
from zc.async_._work.records import PollRecords
from zc.async_._work.records import iterate


class Polls(unittest.TestCase):

    def setUp(self):
        self.polls = PollRecords(3)
        self.added = [PollInfo() for _ in range(4)]
        for poll in self.added:
            self.polls.add(poll)

    def test_last(self):
        """The last ones are kept, the latest first."""
        self.assertEqual(3, len(self.polls))
        self.assertEqual(4, self.polls.total)
        self.assertIs(self.added[3], self.polls.first())
        self.assertIs(self.added[2], self.polls.first(self.added[2].key))
        with self.assertRaisesRegex(ValueError, 'no such poll'):
            self.polls.first(self.added[0].key)

    def test_iterate(self):
        """Polls can be chosen by key, time and number."""
        one, two, three = self.added[1:]
        for options, expected in [
                ({}, [three, two, one]),
                (dict(at=two.key), [two, one]),
                (dict(at=two.utc_timestamp), [two, one]),
                (dict(before=two.key), [one]),
                (dict(since=two.key), [three, two]),
                (dict(count=1), [three]),
                (dict(count=0), [])]:
            found = list(iterate(self.polls, **options))
            self.assertEqual([each.key for each in expected],
                             [each.key for each in found], options)
        with self.assertRaisesRegex(ValueError, 'not both'):
            list(iterate(self.polls, at=1, before=2))

    def test_wait(self):
        """One can wait for a poll."""
        self.assertTrue(self.polls.wait(3, 0))
        self.assertFalse(self.polls.wait(4, 0))
        self.polls.clear()
        self.assertEqual(0, self.polls.total)
        self.assertIsNone(PollInfo().utc_timestamp)


class Jobs(unittest.TestCase):

    def test_last(self):
        """The jobs noted last are kept."""
        jobs = JobRecords(2)
        for number in range(3):
            jobs[number, ''] = {'number': number}
        self.assertEqual([(1, ''), (2, '')], list(jobs))
        self.assertEqual(2, len(jobs))
        self.assertIsNone(jobs.get((0, '')))
        self.assertEqual({'number': 2}, jobs[2, ''])

    def test_find(self):
        """A job is found by its number, if that is unambiguous."""
        jobs = JobRecords(5)
        jobs[1, 'a'] = jobs[2, 'a'] = jobs[2, 'b'] = {}
        self.assertEqual((1, 'a'), jobs.find(1))
        with self.assertRaisesRegex(ValueError, 'not known'):
            jobs.find(3)
        with self.assertRaisesRegex(ValueError, 'Several databases'):
            jobs.find(2)
