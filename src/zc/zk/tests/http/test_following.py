import gc
import unittest

from zc.zk._http.following import follow
from zc.zk.errors import CancelWatch


class PoolKeeper:

    count = 0

    def _changed(self):
        self.count += 1


class Follow(unittest.TestCase):

    def test_told(self):
        """A keeper is told of changes, and of the end of all."""
        callbacks = []
        keeper = PoolKeeper()
        follow(callbacks.append, keeper)
        [changed] = callbacks
        changed(object())
        changed()
        self.assertEqual(2, keeper.count)

    def test_forgotten(self):
        """When nobody uses the keeper, the callback ends."""
        callbacks = []
        follow(callbacks.append, PoolKeeper())
        gc.collect()
        with self.assertRaises(CancelWatch):
            callbacks[0](object())
