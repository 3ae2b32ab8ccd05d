"""Tests of _interrupts: Ctrl-C ends a script once."""
from __future__ import annotations

import unittest

from zc.zk._commands import interrupts


class Handler(unittest.TestCase):

    def test_once(self):
        """Interrupts that follow at once are ignored, later ones are not."""
        now = 100.0
        handler = interrupts.handler(lambda: now)
        with self.assertRaises(KeyboardInterrupt):
            handler(2, None)
        handler(2, None)
        now += interrupts.QUIET / 2
        handler(2, None)
        now += interrupts.QUIET / 2
        with self.assertRaises(KeyboardInterrupt):
            handler(2, None)
        handler(2, None)
