"""What the tests of followed services share."""
from __future__ import annotations

from kazoo.security import make_digest_acl

import zc.zk
from zc.zk.tests.base import wait_for
from zc.zk.tests.servercase import ServerCase


SECRET = [make_digest_acl('x', 'y', all=True)]


def shown(providers):
    """Return what there is to see of each provider."""
    return {each.name: each.properties.get('n') for each in providers}


def numbered(number):
    return b'{"n": %d}' % number


class Case(ServerCase):
    """A service with three servers."""

    persistent = True

    def setUp(self):
        super().setUp()
        self.other.create('/s', b'')
        for number, name in enumerate('abc'):
            self.other.create(f'/s/{name}', numbered(number))

    def make(self):
        zk = zc.zk.ZooKeeper(
            self.server.connection_string, 4.0,
            persistent_watches=self.persistent)
        self.addCleanup(zk.close)
        return zk

    def providers(self, **options):
        providers = self.zk.providers('/s', hold=0, **options)
        self.addCleanup(providers.close)
        return providers

    def becomes(self, providers, **numbers):
        wait_for(lambda: shown(providers) == numbers, str(numbers))

    def families(self):
        return self.zk._engine._cache._families

    def follows(self, providers):
        """See that each kind of change is followed."""
        before = shown(providers)
        self.other.set('/s/a', numbered(7))
        self.becomes(providers, **{**before, 'a': 7})
        self.other.create('/s/d', numbered(3))
        self.becomes(providers, **{**before, 'a': 7, 'd': 3})
        self.other.delete('/s/d')
        self.other.set('/s/a', numbered(before['a']))
        self.becomes(providers, **before)
