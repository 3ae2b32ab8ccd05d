"""Clients that are made while ZooKeeper is away."""
import tempfile
import unittest

import zc.zk
from zc.zk.testing import Server


TREE = '''
/service
  /providers
/lb
  providers -> /service/providers
'''
PATH = '/service/providers'


class EarlyCase(unittest.TestCase):
    """Clients that are made while ZooKeeper is away."""

    def setUp(self):
        self.server = Server().start()
        self.addCleanup(self.server.stop)
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = directory.name
        with self.connect() as zk:
            zk.import_tree(TREE)
            zk.create(f'{PATH}/a', b'{"pid": 1}')
            zk.providers(PATH, snapshot=self.directory).close()
        self.server.stop()

    def connect(self, **keywords):
        zk = zc.zk.ZooKeeper(self.server.connection_string, **keywords)
        self.addCleanup(zk.close)
        return zk

    def early(self):
        """Return a client that has no connection yet."""
        zk = self.connect(connect_timeout=0)
        self.assertFalse(zk.client.connected)
        return zk
