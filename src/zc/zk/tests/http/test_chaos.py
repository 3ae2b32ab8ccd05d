import io
import unittest

from zc.zk.tests.http import chaos


class ChaosCase(unittest.TestCase):
    """Servers are killed, suspended and restarted, and ZooKeeper is away."""

    level = 2

    def run_with(self, client):
        out = io.StringIO()
        try:
            chaos.run(client, 0, 12, out)
        except BaseException:
            print(out.getvalue())
            raise
        self.assertIn(' 0 idempotent ones lost', out.getvalue())
        self.assertIn(' 0 sent twice', out.getvalue())


class Httpx(ChaosCase):

    def test_httpx(self):
        """No request of httpx is lost, and none is sent twice."""
        self.run_with('httpx')


class Others(ChaosCase):
    """By ``--at-level 3`` and ``make chaos-http``: each takes minutes."""

    level = 3

    def test_requests(self):
        """No request of requests is lost, and none is sent twice."""
        self.run_with('requests')

    def test_aiohttp(self):
        """No request of aiohttp is lost, and none is sent twice."""
        self.run_with('aiohttp')
