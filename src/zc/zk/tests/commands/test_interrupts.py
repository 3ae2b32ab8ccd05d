"""Tests of _interrupts: Ctrl-C ends a script once."""
from __future__ import annotations

import sys
import threading
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

    def test_queueing(self):
        """One that comes while kazoo queues a request waits for the end."""
        handler = interrupts.handler(lambda: 100.0)
        kazoos = {'__name__': 'kazoo.client', 'inside':
                  lambda: handler(2, sys._getframe())}
        exec('def _call():\n    inside()\n', kazoos)
        kazoos['_call']()
        thread = threading.Thread(target=interrupts.raise_late)
        thread.start()
        thread.join()
        with self.assertRaises(KeyboardInterrupt):
            interrupts.raise_late()
        interrupts.raise_late()
