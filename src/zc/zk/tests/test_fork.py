"""Objects that were made before a fork."""
import logging
import os
import select
import signal
import warnings

from kazoo.client import KazooClient

import zc.zk
import zc.zk.testing
from zc.zk.tests.base import DEADLINE
from zc.zk.tests.base import ZooKeeperCase


class Fork(ZooKeeperCase):

    def in_child(self, function):
        """Return the repr of what `function` gave, or raised, in a child."""
        ours, theirs = os.pipe()
        with warnings.catch_warnings():
            # Python warns of forks in a process with threads, rightly.
            warnings.simplefilter('ignore', DeprecationWarning)
            pid = os.fork()
        if pid == 0:
            # Nothing but this: no test runner, no clean-up.
            try:
                try:
                    text = repr(function())
                except BaseException as e:
                    text = f'{type(e).__name__}: {e}'
                os.write(theirs, text.encode()[:4000])
            finally:
                os._exit(0)
        os.close(theirs)
        try:
            if not select.select([ours], [], [], DEADLINE)[0]:
                os.kill(pid, signal.SIGKILL)
                self.fail('the child hangs')
            return os.read(ours, 4000).decode()
        finally:
            os.close(ours)
            os.waitpid(pid, 0)

    def setUp(self):
        super().setUp()
        self.client = self.zk()
        self.client.register('/fooservice/providers', 'h:80')
        self.refusal = (
            f'ForkedError: this ZooKeeper object belongs to process '
            f'{os.getpid()}: make a new one after a fork')

    def test_methods(self):
        """In a child process, every method says what is wrong."""
        zk = self.client
        node = '/fooservice/providers/h:80'
        registration = zk.registrations[node]
        walk = zk.walk()
        next(walk)

        def all():
            found = {}
            for name, function in {
                    'get': lambda: zk.get('/'),
                    'exists': lambda: zk.exists('/'),
                    'get_children': lambda: zk.get_children('/'),
                    'create': lambda: zk.create('/new'),
                    'set': lambda: zk.set('/', b''),
                    'delete': lambda: zk.delete('/new'),
                    'delete registered': lambda: zk.delete(node),
                    'children': lambda: zk.children('/'),
                    'properties': lambda: zk.properties('/'),
                    'all_children': lambda: zk.all_children(['/']),
                    'get_properties': lambda: zk.get_properties('/'),
                    'resolve': lambda: zk.resolve('/'),
                    'ln': lambda: zk.ln('/a', '/b'),
                    'register': lambda: zk.register('/', 'h:80'),
                    'unregister': lambda: zk.unregister('/', 'h:80'),
                    'registrations': lambda: zk.registrations,
                    'update': lambda: registration.update(a=1),
                    'registration': registration.unregister,
                    'import_tree': lambda: zk.import_tree('/a'),
                    'export_tree': zk.export_tree,
                    'print_tree': zk.print_tree,
                    'delete_recursive': lambda: zk.delete_recursive('/a'),
                    'walk': zk.walk,
                    'walking': lambda: list(walk),
                    'is_ephemeral': lambda: zk.is_ephemeral('/'),
                    'create_recursive': lambda: zk.create_recursive(
                        '/a', b''),
                    'state': lambda: zk.state}.items():
                try:
                    function()
                    found[name] = 'no error'
                except BaseException as e:
                    text = f'{type(e).__name__}: {e}'
                    if text != self.refusal:
                        found[name] = text
            return found

        self.assertEqual('{}', self.in_child(all))
        # The parent does not suffer.
        self.assertIsNotNone(zk.exists(node))

    def test_live_objects(self):
        """Live objects made before the fork say so too."""
        children = self.client.children('/fooservice/providers')
        properties = self.client.properties('/fooservice')
        for function in (lambda: list(children), lambda: children.data,
                         lambda: properties['threads'],
                         lambda: properties.update(threads=2),
                         lambda: properties.set(threads=2)):
            self.assertEqual(self.refusal, self.in_child(function))
        self.assertEqual(1, properties['threads'])

    def test_close(self):
        """Closing in the child is allowed, and leaves the parent's alone."""
        self.assertEqual('None', self.in_child(self.client.close))
        self.assertEqual('CONNECTED', self.client.state)
        self.assertIsNotNone(self.client.exists('/fooservice/providers/h:80'))

    def test_repr(self):
        """A repr is for people who look for the mistake; it works."""
        self.assertEqual(
            repr(repr(self.client)), self.in_child(lambda: repr(self.client)))

    def test_new(self):
        """A client made in the child works there."""
        server = (zc.zk.testing.testing_with_real_zookeeper()
                  or self.ZooKeeper.connection_string)

        def work():
            logging.disable()
            client = KazooClient(server + self.zookeeper_root)
            client.start()
            try:
                return sorted(zc.zk.ZooKeeper(client).get_properties(
                    '/fooservice'))
            finally:
                client.stop()

        self.assertEqual(
            "['database', 'favorite_color', 'threads']", self.in_child(work))
