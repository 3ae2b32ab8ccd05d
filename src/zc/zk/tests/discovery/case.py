"""What the tests of choosing share: a clock, chance, and services."""
from __future__ import annotations

import json
import random
import unittest

from zc.zk._discovery.balancer import Balancer
from zc.zk._discovery.entry import read
from zc.zk._discovery.rules import Rules
from zc.zk.errors import NoProviders


def entry(name, **properties):
    """Return what a server of that name wrote."""
    return read(name, json.dumps(properties).encode())


class ChoiceCase(unittest.TestCase):
    """Balancers whose clock stands still until a test moves it."""

    def setUp(self):
        self.now = 1000.0
        self.random = random.Random(2026).random
        self.dropped = []

    def balancer(self, *entries, rules=None, **options):
        """Return a balancer for servers, given as entries or names."""
        balancer = Balancer(
            '/a', rules or Rules(), lambda: self.now, self.random,
            refused=self.dropped.append, **options)
        balancer.update([entry(each) if isinstance(each, str) else each
                         for each in entries])
        return balancer

    def names(self, balancer, count=300, **options):
        """Return how often each server is chosen."""
        counts = {}
        for _ in range(count):
            name = balancer.choose(**options).entry.name
            counts[name] = counts.get(name, 0) + 1
        return counts

    def nobody(self, balancer, reason, **options):
        """See that nobody can be chosen."""
        with self.assertRaises(NoProviders) as caught:
            balancer.choose(**options)
        self.assertEqual(('/a', reason), caught.exception.args)

    def fail(self, balancer, name, times=5, refused=True):
        """Report failures of a server."""
        for _ in range(times):
            balancer.failed(balancer.get(name), refused)
