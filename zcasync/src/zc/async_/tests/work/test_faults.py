import unittest

import ZODB.POSException
from zope.testing.loggingsupport import InstalledHandler

from zc.async_._work import faults
from zc.async_._work.activation import Displaced


class Faults(unittest.TestCase):

    def setUp(self):
        self.log = InstalledHandler('zc.async.events')
        self.addCleanup(self.log.uninstall)
        self.faults = faults.Faults('mails')

    def tell(self, told, *args):
        try:
            raise LookupError('no choice')
        except LookupError as e:
            told(*args, *([e] if told == self.faults.chooser else []))

    def test_once(self):
        """A fault is told once, until it was mended."""
        for told, known in ((self.faults.chooser, self.faults.choosers),
                            (self.faults.schedule, self.faults.schedules)):
            with self.subTest(told.__name__):
                self.log.clear()
                for _ in range(2):
                    self.tell(told, 'main')
                [record] = self.log.records
                self.assertIn("'main' in queue 'mails'", record.getMessage())
                self.assertIs(LookupError, record.exc_info[0])
                self.assertIn('main', known)
                known.clear()
                self.tell(told, 'main')
                self.assertEqual(2, len(self.log.records))

    def test_ours(self):
        """Errors of the database are no fault of others."""
        self.assertTrue(faults.is_ours(Displaced()))
        self.assertTrue(faults.is_ours(ZODB.POSException.ConflictError()))
        self.assertFalse(faults.is_ours(LookupError('no choice')))

    def test_unfit(self):
        """Without an unfit job there is no such fault."""
        self.assertFalse(self.faults.find_unfit([]))
