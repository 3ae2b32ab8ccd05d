"""Numbers in the options of commands."""
import argparse
import threading
import unittest

from zc.zk._commands import quantities


class Quantities(unittest.TestCase):

    def refused(self, read, *texts):
        for text in texts:
            with self.subTest(text), \
                    self.assertRaises(argparse.ArgumentTypeError) as raised:
                read(text)
        return str(raised.exception)

    def test_seconds(self):
        """A time is a number that threads can wait for."""
        read = quantities.seconds()
        self.assertEqual([0, 0.5, 1e3], [
            read(text) for text in ('0', '.5', '1e3')])
        self.assertEqual(
            "a number of seconds is needed, not 'x'", self.refused(
                read, '-1', 'nan', 'inf', repr(threading.TIMEOUT_MAX), '',
                'x'))

    def test_positive(self):
        """It may have to be more than nothing."""
        read = quantities.seconds(positive=True)
        self.assertEqual(0.5, read('.5'))
        self.assertEqual(
            "a positive number of seconds is needed, not '0'",
            self.refused(read, '-1', 'nan', '0'))

    def test_most(self):
        """It may have an end."""
        read = quantities.seconds(most=60)
        self.assertEqual(60, read('60'))
        self.assertEqual(
            "a number of seconds, 60 at most, is needed, not 'inf'",
            self.refused(read, '60.1', 'inf'))

    def test_number(self):
        """A whole number has digits only, and not too many of them."""
        read = quantities.number('lines', 1)
        self.assertEqual([1, 999_999_999], [read('1'), read('9' * 9)])
        self.assertEqual(
            "a number of lines, 1 at least, is needed, not '\xb2'",
            self.refused(read, '0', '-1', '1.0', '', '9' * 10, '\xb2'))
        self.assertEqual(0, quantities.number('nodes')('0'))

    def test_port(self):
        """A port has ASCII digits only; leading zeros hide none too high."""
        self.assertEqual([0, 80, 65535], [
            quantities.port(text) for text in ('0', '0080', '65535')])
        self.assertEqual(
            "'0000070000' is not a port (0 to 65535)", self.refused(
                quantities.port, '', '-1', '65536', '\u0668\u0660', '9' * 5000,
                '00070000', '0000070000'))
