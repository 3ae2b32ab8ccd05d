"""Tests of drain: the script that takes requests away from servers."""
from __future__ import annotations

from typing import Any

from zc.zk import NoProviders
from zc.zk import scripts
from zc.zk.tests.scripted import ScriptCase


PATH = '/fooservice/providers'


class DrainTests(ScriptCase):

    def setUp(self) -> None:
        super().setUp()
        self.server = self.zk()
        for port in '12':
            self.server.register(PATH, 'a:' + port)

    def drain(self, *args: str) -> tuple[int, str, str]:
        return self.run_script(
            scripts.drain, self.connection_string, PATH, *args)

    def overrides(self) -> Any:
        return self.server.get_properties(PATH).get('overrides')

    def test_drain(self) -> None:
        """A server gets no requests, and gets them again after --undo."""
        providers = self.server.providers(PATH)
        self.assertEqual((0, '', ''), self.drain('a:1'))
        self.assertEqual([{'name': 'a:1', 'weight': 0}], self.overrides())
        providers.wait(lambda _: providers['a:1'].state == 'draining')
        self.assertEqual(
            {'a:2'}, {providers.choose().name for _ in range(50)})
        self.assertEqual((0, '', ''), self.drain('--undo', 'a:1'))
        self.assertIsNone(self.overrides())
        providers.wait(lambda _: providers['a:1'].state == 'ready')

    def test_service(self) -> None:
        """The service's node is hardly meant, and one line says so."""
        status, out, error = self.run_script(
            scripts.drain, self.connection_string, '/fooservice', 'a:1')
        self.assertEqual((0, ''), (status, error))
        self.assertEqual(
            ['a:1 is not registered at present; this counts when it is',
             'servers may be registered at /fooservice/providers: if you '
             'meant that, --undo this'], out.splitlines())
        self.assertEqual(0, self.run_script(
            scripts.drain, self.connection_string, '/fooservice', '-u',
            'a:1')[0])
        self.assertNotIn(
            'overrides', self.server.get_properties('/fooservice'))

    def test_restart(self) -> None:
        """A server that is drained stays so when it is started again."""
        self.drain('a:1')
        self.server.unregister(PATH, 'a:1')
        self.server.register(PATH, 'a:1', version='2', weight=7)
        with self.server.providers(PATH) as providers:
            self.assertEqual('draining', providers['a:1'].state)

    def test_others(self) -> None:
        """What others wrote into the overrides and the node stays."""
        others = [{'where': {'version': '1.2'}, 'weight': 0.1},
                  {'name': 'a:2', 'weight': 2},
                  {'name': 'a:1', 'weight': 3, 'zone': 'x'}, 'rubbish']
        self.server.properties(PATH, watch=False).set(
            overrides=others, threads=4)
        self.drain('a:1')
        self.assertEqual(
            [*others[:2], {'name': 'a:1', 'zone': 'x'}, 'rubbish',
             {'name': 'a:1', 'weight': 0}], self.overrides())
        self.drain('a:1', '-u')
        self.assertEqual(
            [*others[:2], {'name': 'a:1', 'zone': 'x'}, 'rubbish'],
            self.overrides())
        self.assertEqual(
            4, self.server.get_properties(PATH)['threads'])

    def test_all(self) -> None:
        """It says so when no server is left."""
        self.assertEqual(
            (0, f'no server at {PATH} gets requests now\n', ''),
            self.drain('a:1', 'a:2'))
        with self.server.providers(PATH) as providers:
            self.assertRaises(NoProviders, providers.choose)

    def test_not_registered(self) -> None:
        """A server that is away can be drained; it says so."""
        self.assertEqual(
            (0, 'b:1 is not registered at present; this counts when it is\n',
             ''), self.drain('b:1'))
        self.server.register(PATH, 'b:1')
        with self.server.providers(PATH) as providers:
            self.assertEqual('draining', providers['b:1'].state)

    def test_still_draining(self) -> None:
        """It says so when --undo is not enough."""
        self.drain('a:1')
        self.server.registrations[PATH + '/a:1'].update(weight=0)
        self.assertEqual(
            (0, 'a:1 still gets no requests: its own weight is 0, or another '
             'override says so\n', ''), self.drain('a:1', '--undo'))

    def test_links(self) -> None:
        """The path may lead through links."""
        self.server.import_tree('/a\n  b -> ' + PATH)
        self.run_script(
            scripts.drain, self.connection_string, '/a/b', 'a:1')
        self.assertEqual([{'name': 'a:1', 'weight': 0}], self.overrides())

    def test_failures(self) -> None:
        """Faults are said in one line, and nothing is written."""
        host = self.connection_string
        self.failed('zookeeper_drain: there is no node /none',
                    scripts.drain, host, '/none', 'a:1')
        self.drain('a:1')
        self.failed(f'zookeeper_drain: nothing drains a:2 at {PATH}',
                    scripts.drain, host, PATH, '--undo', 'a:1', 'a:2')
        self.assertEqual([{'name': 'a:1', 'weight': 0}], self.overrides())
        self.server.properties(PATH, watch=False).set(overrides='x')
        self.failed(
            f'zookeeper_drain: the property overrides of {PATH} is no list; '
            'set it to a list with zookeeper_set_property, or delete it',
            scripts.drain, host, PATH, 'a:1')
        self.assertEqual('x', self.overrides())

    def test_usage(self) -> None:
        """Wrong usage has the status 2."""
        host = self.connection_string
        for args in ([], [host], [host, PATH], [host, 'a:1', PATH],
                     [host, PATH, ''], [host, PATH, PATH + '/a:1'],
                     [host, PATH, 'a:1\x1b'],
                     [PATH, 'a:1']):
            with self.subTest(args):
                self.assertEqual(
                    2, self.run_script(scripts.drain, *args)[0])
