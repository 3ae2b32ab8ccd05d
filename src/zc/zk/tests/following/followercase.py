"""What the tests of followed branches share."""
from __future__ import annotations

from kazoo.security import make_digest_acl

from zc.zk._following import BranchFollower
from zc.zk.tests.base import wait_for
from zc.zk.tests.servercase import ServerCase


SECRET = [make_digest_acl('x', 'y', all=True)]


class FollowerCase(ServerCase):
    """A small branch, and one beside it."""

    recursive = True

    def setUp(self):
        super().setUp()
        self.heard = []
        self.told = []
        for path, data in (
                ('/s', b''), ('/s/a', b'{"n":1}'), ('/s/a/b', b'text'),
                ('/sister', b'')):
            self.other.create(path, data)

    def follow(self, path='/s', heard=None, **keywords):
        follower = BranchFollower(
            self.zk, path, heard or self.heard.extend,
            told=self.told.append,
            **{'recursive': self.recursive, **keywords})
        self.addCleanup(follower.close)
        follower.start()
        self.assertTrue(follower.wait(30))
        return follower

    def lines(self, follower):
        """Return what was told since the last time, as short texts."""
        wait_for(lambda: follower.settle(20), 'settled')
        found = [f'{each.what} {each.path}' for each in self.heard]
        self.heard.clear()
        return found
