"""Providers that vanish, with a word and without one."""
import functools
import os
import tempfile
from unittest import mock

from kazoo.exceptions import OperationTimeoutError

import zc.zk
from zc.zk.tests.base import DEADLINE
from zc.zk.tests.base import wait_for
from zc.zk.tests.discovery.providerscase import PATH
from zc.zk.tests.discovery.providerscase import Case


class Vanishing(Case):

    def test_without_a_word(self):
        """Most that vanish without a word are stale, and chosen last; a
        refused connection drops one.
        """
        self.make('a', 'b', 'c')
        providers = self.providers()
        heard = []
        providers(lambda given, removed: heard.extend(
            each.name for each in removed))
        self.remove('a', 'b')
        self.becomes(providers, a='stale', b='stale', c='ready')
        self.assertEqual(
            {'c'}, {providers.choose().name for _ in range(20)})
        providers['a'].failed(ConnectionRefusedError())
        self.becomes(providers, b='stale', c='ready')
        wait_for(lambda: 'a' in heard)

    def test_all(self):
        """All that vanish are still there to be chosen, also with the
        service's node, and are as before when they are back.
        """
        self.make('a', 'b')
        providers = self.providers()
        self.client.delete_recursive(PATH, force=True)
        self.becomes(providers, a='stale', b='stale')
        self.assertIn(providers.choose().name, 'ab')
        self.client.create(PATH, b'')
        self.make('a', 'b')
        self.becomes(providers, a='ready', b='ready')

    def test_off(self):
        """Without a hold, what vanished is gone."""
        self.make('a', 'b')
        providers = self.providers(hold=0)
        self.remove('a', 'b')
        self.becomes(providers)

    def test_expiry(self):
        """What is stale goes after its time, without another change, and
        callbacks hear of it.
        """
        self.make('a')
        providers = self.providers(hold=0.05)
        gone = []

        @providers
        def changed(given, removed):
            gone.extend(each.name for each in removed)

        self.remove('a')
        self.becomes(providers)
        wait_for(lambda: gone == ['a'])

    def test_with_a_word(self):
        """Servers that say that they are leaving drain, and then are gone,
        all at once too.
        """
        other = self.zk()
        for name in 'ab':
            other.register(PATH, name)
        providers = self.providers()
        for registration in other.registrations.values():
            registration.update(leaving=True)
        self.becomes(providers, a='draining', b='draining')
        other.close()
        self.becomes(providers)

    def test_last_word(self):
        """It is enough that the word comes right before a server goes."""
        self.make('a', 'b')
        providers = self.providers()
        transaction = self.client.client.transaction()
        for name in 'ab':
            transaction.set_data(f'{PATH}/{name}', b'{"leaving": true}')
            transaction.delete(f'{PATH}/{name}')
        transaction.commit()
        self.becomes(providers)

    def leaving(self, **keywords):
        """Yield providers that follow three servers, and each of the ways in
        which these leave.
        """
        for leave in (
            lambda zk, providers: zk.close(),
            lambda zk, providers: zk.leave(DEADLINE),
            lambda zk, providers: self.one_by_one(providers, [
                each.unregister for each in zk.registrations.values()]),
            lambda zk, providers: self.one_by_one(providers, [
                functools.partial(zk.delete, path)
                for path in zk.registrations]),
        ):
            zk = self.zk()
            for name in 'abc':
                zk.register(PATH, name, **keywords)
            providers = self.providers()
            self.becomes(providers, a='ready', b='ready', c='ready')
            yield providers, functools.partial(leave, zk, providers)
            zk.close()
            providers.close()

    def one_by_one(self, providers, leave):
        for each in leave:
            left = len(providers) - 1
            each()
            self.assertTrue(providers.wait(
                lambda providers, left=left: len(providers) == left,
                DEADLINE))

    def no_hold(self, **keywords):
        for providers, leave in self.leaving(**keywords):
            states = set()
            providers(lambda given, states=states: states.update(
                str(each.state) for each in given))
            leave()
            self.becomes(providers)
            self.assertEqual({'ready'}, states)

    def test_leave(self):
        """Servers that leave on purpose are not held, all at once neither.
        """
        self.no_hold()

    def test_leave_written(self):
        """So it is where they may write to their nodes, also for a client
        that watches each node by itself.
        """
        self.no_hold(acl=zc.zk.OPEN_ACL_UNSAFE)
        self.client = self.zk(persistent_watches=False)
        self.no_hold(acl=zc.zk.OPEN_ACL_UNSAFE)

    def test_leave_after_a_crash(self):
        """One that crashed before others left is held if the next one
        crashes, too.
        """
        for providers, leave in self.leaving():
            self.make('d', 'e')
            self.becomes(providers, **dict.fromkeys('abcde', 'ready'))
            self.remove('d')
            leave()
            self.becomes(providers, e='ready')
            self.remove('e')
            self.becomes(providers, d='stale', e='stale')

    def test_drain_from_inside(self):
        """A server drains itself by a weight of 0."""
        other = self.zk()
        for name in 'ab':
            other.register(PATH, name)
        providers = self.providers()
        other.registrations[f'{PATH}/a'].update(weight=0)
        self.becomes(providers, a='draining', b='ready')
        other.registrations[f'{PATH}/a'].update(weight=1)
        self.becomes(providers, a='ready', b='ready')

    def test_overrides(self):
        """An override survives the server's restart."""
        self.make('a', 'b')
        providers = self.providers()
        self.client.properties(PATH).update(
            overrides=[{'name': 'a', 'weight': 0}])
        self.becomes(providers, a='draining', b='ready')
        self.remove('a')
        self.becomes(providers, b='ready')
        self.make('a', data=b'{"pid": 2}')
        self.becomes(providers, a='draining', b='ready')

    def test_canary(self):
        """An override gives a version its share, also for servers that come
        later, and one for a name that comes after it counts more.
        """
        self.client.properties(PATH, watch=False).set(overrides=[
            {'where': {'version': '1.3'}, 'weight': 0.25},
            {'name': 'd:1', 'weight': 0}])
        providers = self.providers()
        for name, version in ('a:1', '1.2'), ('b:1', '1.3'), ('d:1', '1.3'):
            self.client.register(PATH, name, version=version)
        self.becomes(providers, **{
            'a:1': 'ready', 'b:1': 'ready', 'd:1': 'draining'})
        self.assertEqual(0.25, providers['b:1'].properties['weight'])
        counts = {'a:1': 0, 'b:1': 0}
        for _ in range(2000):
            counts[providers.choose().name] += 1
        self.assertAlmostEqual(400, counts['b:1'], delta=120)


class Unreachable(Case):

    def test_last_list(self):
        """Without a connection the last list stays usable."""
        self.make('a', 'b')
        providers = self.providers()
        self.client.client.stop()
        wait_for(lambda: not providers.current)
        self.assertEqual(['a', 'b'], [each.name for each in providers])
        self.assertIn(providers.choose().name, 'ab')

    def test_saved(self):
        """When the list cannot be read at the start, the saved one is used
        until it can.
        """
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.make('a')
        self.providers(snapshot=directory.name).close()
        [name] = os.listdir(directory.name)
        self.assertTrue(name.startswith('service-providers-'))
        self.remove('a')
        self.make('b')
        zk = self.zk()
        with mock.patch.object(zk._engine, 'track',
                               side_effect=OperationTimeoutError):
            with self.assertRaises(OperationTimeoutError):
                zk.providers(PATH)
            providers = zk.providers(PATH, snapshot=directory.name, hold=0)
        self.addCleanup(providers.close)
        self.assertEqual('a', providers.choose().name)
        zk._engine._refresh()
        self.becomes(providers, b='ready')
