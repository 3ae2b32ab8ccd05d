"""What the tests of bulk requests share."""
from kazoo.client import KazooClient
from kazoo.security import OPEN_ACL_UNSAFE

import zc.zk.testing
from zc.zk._session.requests import Bulk
from zc.zk._session.wire import Create
from zc.zk.tests.base import ZooKeeperCase


#: Requests of the test support.
SYNC = 9


class Case(ZooKeeperCase):

    tree = '/a\n  x = 1\n  /b\n  /c\n'

    def setUp(self):
        super().setUp()
        self.client = self.zk().client
        self.bulk = Bulk(self.client)
        self.requests = []
        call = self.client._call

        def counting(request, result):
            self.requests.append(request)
            return call(request, result)

        self.client._call = counting

    def types(self):
        """Return the types of the requests since the last call.

        Those of the test support, which waits for effects, do not count.
        """
        found = [request.type for request in self.requests
                 if request.type != SYNC]
        del self.requests[:]
        return found

    def make(self, *paths, data=b''):
        """Create nodes; their data are their paths, or `data`."""
        for batch in self.bulk.batches(
                Create(path, data or path.encode(), OPEN_ACL_UNSAFE)
                for path in paths):
            self.bulk.commit(batch)
        del self.requests[:]

    def outside(self):
        """Return a plain kazoo client, without a chroot of its own."""
        client = KazooClient(
            zc.zk.testing.testing_with_real_zookeeper()
            or self.ZooKeeper.connection_string)
        self.addCleanup(client.close)
        self.addCleanup(client.stop)
        client.start()
        return client
