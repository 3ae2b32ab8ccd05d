import gc

from kazoo.exceptions import NoNodeError

import zc.zk
from zc.zk.tests.base import wait_for
from zc.zk.tests.discovery.providerscase import PATH
from zc.zk.tests.discovery.providerscase import Case


class Following(Case):

    def test_read(self):
        """A provider has the name, the address and the properties."""
        self.make('10.0.0.1:80', data=b'{"a": 1}')
        [provider] = providers = self.providers()
        self.assertEqual(
            ('10.0.0.1:80', ('10.0.0.1', 80), '10.0.0.1', 80, {'a': 1}),
            (provider.name, provider.address, provider.host, provider.port,
             dict(provider.properties)))
        self.assertIs(provider, providers['10.0.0.1:80'])
        self.assertIs(provider, providers.get('10.0.0.1:80'))
        self.assertIn(provider, providers)
        self.assertIn('10.0.0.1:80', providers)
        self.assertEqual(1, len(providers))
        self.assertIs(provider, providers.choose())
        self.assertTrue(providers.current)
        self.assertEqual(PATH, providers.real_path)

    def test_changes(self):
        """Callbacks hear of those that came, went and changed."""
        self.make('a', 'b', 'c', 'd')
        providers = self.providers()
        calls = []

        @providers
        def changed(given, added, removed, changed):
            self.assertIs(providers, given)
            calls.append([sorted(each.name for each in names)
                          for names in (added, removed, changed)])

        self.client.set(f'{PATH}/a', b'{"pid": 1, "weight": 0}')
        wait_for(lambda: len(calls) == 2)
        self.remove('b')
        wait_for(lambda: len(calls) == 3)
        self.make('e')
        wait_for(lambda: len(calls) == 4)
        self.assertEqual(
            [[list('abcd'), [], []], [[], [], ['a']], [[], ['b'], []],
             [['e'], [], []]], calls)

    def test_fewer_arguments(self):
        """A callback may take fewer arguments."""
        calls = []
        providers = self.providers()
        providers(lambda given: calls.append(len(given)))
        providers(lambda given, removed: calls.append(removed))
        self.make('a')
        wait_for(lambda: len(calls) == 4)
        self.assertEqual([0, set(), 1, set()], calls)

    def test_wait(self):
        """One can wait for providers."""
        providers = self.providers()
        with self.assertRaisesRegex(
                zc.zk.NoProviders, f'^no provider at {PATH}: none is'):
            providers.choose()
        self.make('a')
        self.assertTrue(providers.wait(len, 20))
        self.assertEqual('a', providers.choose().name)

    def test_link(self):
        """A service may be behind a link, which may lead elsewhere."""
        self.make('a')
        providers = self.providers('/lb/providers')
        self.assertEqual(PATH, providers.real_path)
        self.client.create('/other', b'')
        self.client.create('/other/b', b'')
        self.client.properties('/lb').update({'providers ->': '/other'})
        wait_for(lambda: 'b' in providers)

    def test_no_node(self):
        """A service that is not there is an error."""
        with self.assertRaises(NoNodeError):
            self.providers('/nope')

    def test_options(self):
        """Options without sense are errors."""
        for options in (dict(choose='best'), dict(subset=0), dict(hold=-1),
                        dict(eject=-1)):
            with self.assertRaises(ValueError):
                self.providers(**options)

    def test_gone(self):
        """What is not referred to any more is not followed any more."""
        self.make('a')
        providers = self.client.providers(PATH)
        del providers
        gc.collect()
        wait_for(lambda: self.client._engine.watch_count() == 0)

    def test_close(self):
        """After its end, the last list stays usable."""
        self.make('a')
        with self.client.providers(PATH) as providers:
            pass
        self.assertFalse(providers.current)
        self.assertEqual('a', providers.choose().name)

    def test_lease(self):
        """A lease reports how a request went."""
        self.make('a', 'b', 'c')
        providers = self.providers()
        for _ in range(5):
            with self.assertRaises(ConnectionRefusedError), \
                    providers.lease(exclude=[providers['a'],
                                             providers['b']]) as p:
                self.assertEqual('c', p.name)
                raise ConnectionRefusedError
        self.assertEqual('ejected', str(providers['c'].state))
        self.assertNotIn(
            'c', {providers.choose().name for _ in range(50)})

    def test_key(self):
        """A key leads to the same provider, in all clients."""
        self.make(*'abcdef')
        one, other = self.providers(), self.providers()
        for key in '1234':
            self.assertEqual(
                one.choose(key=key).name, other.choose(key=key).name)

    def test_hostile(self):
        """Data without sense and nodes that may not be read do no harm."""
        self.make('bytes', data=b'\xff')
        self.make('list', data=b'[1]')
        self.make('deep', data=b'{"a":' * 3000)
        self.make('hidden')
        self.client.client.set_acls(f'{PATH}/hidden', [
            zc.zk.READ_ACL_UNSAFE[0]._replace(perms=2)])
        # What lists the children of a node cannot delete this one.
        self.addCleanup(self.client.client.delete, f'{PATH}/hidden')
        self.make('\u202e')
        providers = self.providers()
        self.assertEqual({'bytes', 'list', 'deep', 'hidden', '\u202e'},
                         {each.name for each in providers})
        self.assertIn('cannot be read', providers['hidden'].error)
        self.assertNotIn('\u202e', repr(providers))
