"""Clients of other kinds see what this package writes."""
from __future__ import annotations

import json
import os
import subprocess
import unittest

from kazoo.client import KazooClient

import zc.zk
from zc.zk.tests.realserver import RealServer
from zc.zk.tests.realserver import class_path


class InteropTests(unittest.TestCase):

    level = 2

    def setUp(self) -> None:
        self.server = RealServer().start()
        self.addCleanup(self.server.close)
        self.zk = zc.zk.ZooKeeper(self.server.connection_string)
        self.addCleanup(self.zk.close)
        self.zk.import_tree('/service\n  a = 1\n  /providers\n')
        self.zk.register('/service/providers', ('192.168.0.42', 8080))

    def test_plain_kazoo(self) -> None:
        """kazoo lists a registered server, and reads its JSON."""
        client = KazooClient(self.server.connection_string)
        client.start()
        self.addCleanup(client.close)
        self.addCleanup(client.stop)
        self.assertEqual(client.get_children('/service/providers'),
                         ['192.168.0.42:8080'])
        data, stat = client.get('/service/providers/192.168.0.42:8080')
        self.assertEqual(json.loads(data), {'pid': os.getpid()})
        self.assertTrue(stat.ephemeralOwner)

    def test_zookeepers_own_shell(self) -> None:
        """The Java client lists it too, and what it writes arrives."""
        properties = self.zk.properties('/service')
        self.assertIn(
            '[192.168.0.42:8080]', self.shell('ls', '/service/providers'))
        self.assertIn('{"a":1}', self.shell('get', '/service'))
        self.shell('set', '/service', '{"a":2}')
        self.assertTrue(properties.wait(lambda found: found['a'] == 2, 20))

    def shell(self, *command: str) -> str:
        """Run a command of zkCli.sh, by the class that it runs."""
        done = subprocess.run(
            ['java', '-cp', class_path(),
             'org.apache.zookeeper.ZooKeeperMain',
             '-server', self.server.connection_string, *command],
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout
