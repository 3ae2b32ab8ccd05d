import zc.zk
from zc.zk.tests.base import DEADLINE
from zc.zk.tests.base import wait_for
from zc.zk.tests.earlycase import PATH
from zc.zk.tests.earlycase import EarlyCase


class Early(EarlyCase):

    def states(self, providers):
        return {each.name: str(each.state) for each in providers}

    def test_providers(self):
        """Nobody is known before ZooKeeper answers; then all are."""
        providers = self.early().providers(PATH)
        with self.assertRaisesRegex(
                zc.zk.NoProviders, 'ZooKeeper has not answered yet'):
            providers.choose()
        self.assertFalse(providers.current)
        self.assertEqual([], list(providers))
        heard = []
        providers(lambda given: heard.append([each.name for each in given]))
        self.server.start()
        self.assertTrue(providers.wait(len, DEADLINE))
        self.assertEqual('a', providers.choose().name)
        wait_for(lambda: providers.current)
        wait_for(lambda: heard == [[], ['a']])

    def test_saved(self):
        """The saved list is used until ZooKeeper answers."""
        providers = self.early().providers(PATH, snapshot=self.directory)
        self.addCleanup(providers.close)
        self.assertEqual('a', providers.choose().name)
        self.assertFalse(providers.current)
        self.server.start()
        self.connect().create(f'{PATH}/b', b'{"pid": 1}')
        wait_for(lambda: self.states(providers) == {
            'a': 'ready', 'b': 'ready'})
        wait_for(lambda: providers.current)

    def test_no_node(self):
        """That the service is not there is seen when ZooKeeper answers, and
        the service is followed when it comes.
        """
        zk = self.early()
        providers = zk.providers('/later')
        self.server.start()
        wait_for(lambda: providers.deleted)
        with self.assertRaisesRegex(
                zc.zk.NoProviders, 'none is registered'):
            providers.choose()
        zk.import_tree('/later\n  /a:1')
        wait_for(lambda: self.states(providers) == {'a:1': 'ready'})

    def test_close(self):
        """A client that never had a connection can be closed."""
        zk = self.early()
        providers = zk.providers(PATH)
        zk.close()
        self.assertFalse(providers.wait(len, DEADLINE))
