"""The templates that come with the package."""
import pathlib
import unittest

from zc.zk._commands.streams import Failure
from zc.zk._rendering import shipping


class Shipping(unittest.TestCase):

    def test_names(self):
        """There is one for each program."""
        self.assertEqual(['@envoy', '@haproxy', '@nginx', '@prometheus'],
                         shipping.names())

    def test_file(self):
        """A name with the mark is one of ours, others are files."""
        for name in shipping.names():
            self.assertTrue(shipping.file_of(name).is_file())
        self.assertEqual(pathlib.Path.cwd() / 'x.j2',
                         shipping.file_of('x.j2'))
        for name in '@', '@none', '@../keeper':
            with self.assertRaisesRegex(
                    Failure, f'no template {name}; there are @envoy, '):
                shipping.file_of(name)
