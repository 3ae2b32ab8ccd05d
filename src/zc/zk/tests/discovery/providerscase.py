"""What the tests of live providers share."""


from zc.zk.tests.base import ZooKeeperCase
from zc.zk.tests.base import wait_for


TREE = """
/service
  /providers
/lb
  providers -> /service/providers
"""
PATH = '/service/providers'


class Case(ZooKeeperCase):

    tree = TREE

    def setUp(self):
        super().setUp()
        self.client = self.zk()

    def make(self, *names, data=b'{"pid": 1}'):
        """Make nodes, as others do."""
        for name in names:
            self.client.create(f'{PATH}/{name}', data)

    def remove(self, *names):
        """Take nodes away without a word."""
        for name in names:
            self.client.client.delete(f'{PATH}/{name}')

    def providers(self, path=PATH, **options):
        providers = self.client.providers(path, **options)
        self.addCleanup(providers.close)
        return providers

    def becomes(self, providers, **states):
        """Wait until these are the states, by the names."""
        def shown():
            return {each.name: str(each.state) for each in providers}

        try:
            wait_for(lambda: shown() == states)
        except AssertionError:
            self.assertEqual(states, shown())
            raise
