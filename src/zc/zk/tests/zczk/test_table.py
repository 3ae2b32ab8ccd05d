"""Tests of table: which commands zczk has."""
from __future__ import annotations

import unittest

from zc.zk._commands.command import Command
from zc.zk._zczk import table


class Table(unittest.TestCase):

    def test_there(self):
        """Each command of the table can be called."""
        for word in table.COMMANDS:
            self.assertIsInstance(table.load(word), Command, word)

    def test_once(self):
        """No word stands in two groups."""
        self.assertEqual(
            sum(map(len, table.GROUPS.values())), len(table.COMMANDS))
