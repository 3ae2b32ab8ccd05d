"""Tests of call: a script's first argument."""
from __future__ import annotations

import unittest

from zc.zk._commands.call import Script


class Scripts(unittest.TestCase):

    def call(self, *args, optional=False):
        call = Script(args, 'zookeeper_x', optional)
        parser = call.parser(
            '[PATH]', 'does', 'examples:\n  {0} /a\n  {name}\n  {live}\n')
        return parser.format_help(), call, call.parse(parser)

    def test_connection(self):
        """The first argument is the connection; it may be left out."""
        text, call, options = self.call('one:2181', '/a')
        self.assertEqual(('one:2181', ['/a']),
                         (options.connection, options.arguments))
        self.assertFalse(call.offline(options))
        self.assertIn('zookeeper_x [options] [CONNECTION [PATH]]', text)
        self.assertIn('  zookeeper_x localhost:2181 /a\n', text)
        self.assertIn('  zookeeper_x\n', text)
        self.assertIsNone(self.call()[2].connection)
        self.assertIsNone(self.call('')[2].connection)

    def test_optional(self):
        """Where a connection is optional, an option names it."""
        text, call, options = self.call('/a', optional=True)
        self.assertEqual((None, ['/a']),
                         (options.connection, options.arguments))
        self.assertTrue(call.offline(options))
        self.assertIn('zookeeper_x [options] [PATH]', text)
        self.assertIn('  zookeeper_x /a\n', text)
        self.assertIn('  --connection localhost:2181 \n', text)
        _, call, options = self.call('--connection', '', optional=True)
        self.assertFalse(call.offline(options))
