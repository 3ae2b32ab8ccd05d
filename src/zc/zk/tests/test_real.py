import os
import unittest

from kazoo.client import KazooClient

import zc.zk.testing
from zc.zk.tests.realserver import four_letter


class Real(unittest.TestCase):

    # Not there on the embedded server: that it ran tells that the tests
    # were on a real one.
    level = 2

    def test_apache(self):
        """With a real server named, tests talk to Apache ZooKeeper."""
        servers = os.environ['TEST_ZOOKEEPER_CONNECTION']
        zc.zk.testing.setUp(self)
        self.addCleanup(zc.zk.testing.tearDown, self)
        with zc.zk.ZooKeeper('zookeeper.example.com:2181') as zk:
            zk.create('/here', 'x')
        plain = KazooClient(servers)
        self.addCleanup(plain.close)
        self.addCleanup(plain.stop)
        plain.start()
        data, _stat = plain.get(f'{self.zookeeper_root}/here')
        self.assertEqual(b'x', data)
        host, port = servers.split(',')[0].rsplit(':', 1)
        answer = four_letter((host, int(port)), 'envi')
        self.assertIn('java.version', answer)
        self.assertIn('zookeeper.version', answer)
