"""Servers and clients that use Apache Curator, beside ours."""
from __future__ import annotations

import functools
import json
import os
import pathlib
import queue
import shutil
import subprocess
import tempfile
import threading
import unittest

from kazoo.exceptions import NoNodeError

import zc.zk
import zc.zk.aio
from zc.zk.tests import realserver
from zc.zk.tests.aio.case import Case as AioCase
from zc.zk.tests.base import DEADLINE
from zc.zk.tests.base import ZooKeeperCase
from zc.zk.tests.base import wait_for


TREE = """
/services
  /foo
/nextdoor
  /ssh
"""
PATH = '/services/foo'
JARS = [pathlib.Path('/usr/share/java', f'{name}.jar') for name in (
    'curator-x-discovery', 'curator-client', 'curator-framework',
    'curator-recipes', 'jackson-annotations', 'jackson-core',
    'jackson-databind', 'guava', 'zookeeper-jute', 'slf4j-api')]
PROBE = pathlib.Path(__file__).with_name('CuratorProbe.java')


class Case(ZooKeeperCase):

    tree = TREE

    def setUp(self):
        super().setUp()
        self.client = self.zk()

    def add(self, name, address, port, **fields):
        """Make a node as Curator does."""
        self.client.create(f'{PATH}/{name}', json.dumps({
            'name': 'foo', 'id': name, 'address': address, 'port': port,
            **fields}))

    def providers(self, path=PATH, **options):
        options.setdefault('format', 'curator')
        providers = self.client.providers(path, **options)
        self.addCleanup(providers.close)
        return providers


class Following(Case):

    def test_read(self):
        """A provider has the address and the payload of the node."""
        self.add('x', '1.2.3.4', 80, payload={'version': '1.2'})
        self.add('y', '1.2.3.4', 81, enabled=False)
        providers = self.providers()
        provider = providers['x']
        self.assertEqual(
            ('x', '1.2.3.4', 80, 'ready'), (
                provider.name, provider.host, provider.port, provider.state))
        self.assertEqual('1.2', provider.properties['version'])
        self.assertEqual('draining', providers['y'].state)
        self.assertIs(provider, providers.choose())

    def test_bad(self):
        """What is no JSON object is a provider with an error."""
        self.client.create(PATH + '/1.2.3.4:80', 'x')
        [provider] = self.providers()
        self.assertIsNotNone(provider.error)

    def test_overrides(self):
        """Overrides drain and weigh such servers, too."""
        self.add('x', '1.2.3.4', 80, payload={'version': '1'})
        self.add('y', '1.2.3.4', 81)
        self.client.set(PATH, json.dumps({'overrides': [
            {'name': 'y', 'weight': 0},
            {'where': {'version': '1'}, 'weight': 0.5}]}))
        providers = self.providers()
        self.assertEqual('draining', providers['y'].state)
        self.assertEqual(0.5, providers['x'].properties['weight'])

    def test_format(self):
        """A format that is not known is refused."""
        with self.assertRaisesRegex(
                ValueError, "format must be one of 'zc.zk', 'curator', not "
                            "'x'"):
            self.providers(format='x')

    def test_nextdoor(self):
        """Nodes of Nextdoor's ndserviceregistry are JSON like ours."""
        self.client.create(
            '/nextdoor/ssh/host1:22',
            '{"string_value": "some data", "pid": 11987, '
            '"created": "2013-01-12 12:00:00", "zone": "us-west-2a"}')
        [provider] = self.providers('/nextdoor/ssh', format='zc.zk')
        self.assertEqual(('host1', 22), provider.address)
        self.assertEqual('us-west-2a', provider.properties['zone'])
        self.assertEqual('some data', provider.properties['string_value'])
        self.assertIsNone(provider.error)


class Registering(Case):

    def test_register(self):
        """A node in Curator's format has an id as its name."""
        self.client.register(
            PATH, '1.2.3.4:80', format='curator', version='1', sslPort=443)
        [(path, registration)] = self.client.registrations.items()
        data = json.loads(self.client.get(path)[0])
        self.assertEqual(path, f'{PATH}/{data["id"]}')
        self.assertEqual(
            ('foo', '1.2.3.4', 80, 443, {'version': '1'}, True),
            tuple(data[name] for name in (
                'name', 'address', 'port', 'sslPort', 'payload', 'enabled')))
        providers = self.providers()
        registration.update(enabled=False)
        wait_for(lambda: providers[data['id']].state == 'draining')
        self.client.unregister(PATH, '1.2.3.4:80')
        self.assertEqual({}, dict(self.client.registrations))
        self.assertEqual([], self.client.get_children(PATH))

    def test_unregister_other(self):
        """Only the server of that address is unregistered."""
        self.client.register(PATH, '1.2.3.4:80', format='curator')
        self.client.register(PATH, '1.2.3.4:81')
        with self.assertRaises(NoNodeError):
            self.client.unregister(PATH, '1.2.3.4:82')
        self.client.unregister(PATH, '1.2.3.4:80')
        self.assertEqual(['1.2.3.4:81'], self.client.get_children(PATH))

    def test_no_address(self):
        """A name that is no address is refused."""
        with self.assertRaises(zc.zk.AddressError):
            self.client.register(PATH, 'worker-1', format='curator')
        self.assertEqual([], self.client.get_children(PATH))

    def test_other_format(self):
        """A property may be named format, as in zc.zk 2.1."""
        self.client.register(PATH, '1.2.3.4:80', format='json')
        self.assertEqual('json', self.client.get_properties(
            PATH + '/1.2.3.4:80')['format'])

    def test_comes_back(self):
        """After a lost session, the node is there again with its name."""
        self.client.register(PATH, '1.2.3.4:80', format='curator')
        names = self.client.get_children(PATH)
        self.client.client.lose_session()
        self.assertEqual(names, self.client.get_children(PATH))


class Aio(AioCase):

    async def test_register(self):
        """The same in asyncio."""
        zk = await self.zk()
        registration = await zk.register(
            '/service/providers', 'a:80', format='curator')
        providers = await zk.providers(
            '/service/providers', format='curator', hold=0)
        self.assertEqual(('a', 80), providers.choose().address)
        await registration.unregister()
        self.assertEqual([], self.sync.get_children('/service/providers'))


class Java(Case):
    """Beside Curator itself."""

    level = 2

    def setUp(self):
        super().setUp()
        hosts = ','.join(
            f'{host}:{port}' for host, port in self.client.client.hosts)
        self.probe = subprocess.Popen(
            ['java', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC',
             '-Xmx64m', '-cp', f'{class_path()}:{compiled()}',
             'CuratorProbe', hosts + self.client.client.chroot, '/services',
             'foo'],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True, encoding='utf-8')
        self.addCleanup(self.end)
        self.lines = queue.SimpleQueue()
        self.reader = threading.Thread(target=self.read)
        self.reader.start()
        self.listed = []        # the list that was told last
        self.hears('end')

    def end(self):
        self.probe.stdin.close()
        try:
            self.probe.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            self.probe.kill()
            self.probe.wait()
        self.reader.join()
        self.probe.stdout.close()

    def read(self):
        for line in self.probe.stdout:
            self.lines.put(line.rstrip('\n'))

    def hears(self, start):
        """Return the next line that starts so."""
        while True:
            line = self.lines.get(timeout=3 * DEADLINE)
            if line.startswith('list '):
                self.listed = []
            elif line.startswith('instance '):
                self.listed.append(line.removeprefix('instance '))
            if line.startswith(start):
                return line

    def hears_list(self, condition):
        """Wait until Curator tells a list for which that is true."""
        while not condition(self.listed):
            self.hears('end')

    def tell(self, line, answer):
        """Tell the probe something, and return its answer."""
        self.probe.stdin.write(line + '\n')
        self.probe.stdin.flush()
        return self.hears(answer).removeprefix(answer + ' ')

    def test_ours(self):
        """Curator's provider finds our servers, and hears of them."""
        self.client.register(
            PATH, '1.2.3.4:80', format='curator', version='1',
            tags=['a', 'b'], sslPort=443)
        [(path, registration)] = self.client.registrations.items()
        id = path.rpartition('/')[2]
        self.hears_list(len)
        said = (f'foo {id} 1.2.3.4 80 443 true DYNAMIC '
                '{version=1, tags=[a, b]}')
        self.assertEqual([said], self.listed)
        wait_for(lambda: self.tell('choose', 'chosen') == said)
        registration.update(enabled=False)
        # The node is made anew, since nobody may write it.
        self.hears_list(lambda listed: listed and ' false ' in listed[0])
        wait_for(lambda: self.tell('choose', 'chosen') == 'none')
        registration.update(enabled=True, payload='text')
        self.hears_list(lambda listed: listed and listed[0].endswith(
            ' true DYNAMIC text'))
        registration.unregister()
        self.hears_list(lambda listed: not listed)

    def test_plain(self):
        """A server without a payload is one for Curator as well."""
        self.client.register(PATH, '[::1]:80', format='curator')
        self.hears_list(len)
        self.assertTrue(self.listed[0].endswith(
            ' ::1 80 null true DYNAMIC null'), self.listed)

    def test_theirs(self):
        """We find Curator's servers, and hear of them."""
        # The only server of a service that goes without a word is held.
        providers = self.providers(hold=0)
        changes = []
        providers(lambda providers, added, removed, changed: changes.append(
            (len(added), len(removed), len(changed))))
        id = self.tell('register 9.9.9.9:90', 'registered')
        wait_for(lambda: id in providers)
        provider = providers[id]
        self.assertEqual(('9.9.9.9', 90), provider.address)
        self.assertEqual({'version': '1.2', 'id': id},
                         dict(provider.properties))
        self.assertIs(provider, providers.choose())
        self.tell('disable 9.9.9.9:90', 'disabled')
        wait_for(lambda: providers[id].state == 'draining')
        self.tell('unregister 9.9.9.9:90', 'unregistered')
        wait_for(lambda: changes[-1] == (0, 1, 0))
        self.assertEqual((0, 0, 0), changes[0])
        self.assertEqual((1, 0, 0), changes[1])


def class_path():
    """Return java's class path for Curator."""
    return os.pathsep.join([*map(str, JARS), realserver.class_path()])


@functools.cache
def compiled():
    """Compile the probe; return the directory of its classes."""
    directory = tempfile.TemporaryDirectory()
    compiled.directory = directory      # as long as the process
    subprocess.run(
        ['javac', '-J-XX:TieredStopAtLevel=1', '-cp', class_path(), '-d',
         directory.name, str(PROBE)], check=True, capture_output=True)
    return directory.name


def available():
    """Tell whether Curator and a compiler are there."""
    return (realserver.available() and shutil.which('javac') is not None
            and all(path.exists() for path in JARS))


def test_suite():
    """Return the tests, with those that need java where there is one."""
    load = unittest.defaultTestLoader.loadTestsFromTestCase
    cases = [Following, Registering, Aio, *([Java] if available() else [])]
    return unittest.TestSuite([load(case) for case in cases])


def load_tests(*_):
    """Say the same to `unittest`."""
    return test_suite()
