import os
import unittest

from kazoo.client import KazooClient

import zc.zk.testing
from zc.zk.tests import trees
from zc.zk.tests.realserver import RealServer
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


class Limits(unittest.TestCase):
    """Servers whose jute.maxbuffer is not the default."""

    level = 2

    def zk(self, limit: int, told: int) -> zc.zk.ZooKeeper:
        server = RealServer(properties={'jute.maxbuffer': limit})
        self.addCleanup(server.close)
        server.start()
        zk = zc.zk.ZooKeeper(server.connection_string, jute_maxbuffer=told)
        self.addCleanup(zk.close)
        return zk

    def test_larger(self):
        """Where the servers take more, larger nodes can be had."""
        zk = self.zk(4_194_304, 4_194_303)
        text = f"/a\n  b = {'x' * 2_000_000!r}\n"
        zk.import_tree(text)
        self.assertEqual(text, zk.export_tree())
        zk.properties('/a').update(c=1)
        self.assertEqual(1, zk.properties('/a')['c'])
        with self.assertRaises(zc.zk.TooLarge):
            zk.set('/a', 'x' * 4_194_304)

    def test_smaller(self):
        """Where they take less, work goes in more requests."""
        zk = self.zk(20_000, 19_999)
        text = trees.big_text(1_000)
        zk.import_tree(text)
        self.assertEqual(text, zk.export_tree())
        paths = list(zk.walk('/'))
        self.assertGreater(len(paths), 1_000)
        for each in zk.all_properties(paths):
            each.close()
        with self.assertRaises(zc.zk.TooLarge):
            zk.set(paths[-1], 'x' * 20_000)
        zk.delete_recursive('/node-000000')
        self.assertEqual('', zk.export_tree())
