"""When a file is written anew."""
import pathlib
import shlex
import tempfile
import threading
import unittest.mock
from queue import SimpleQueue

from zc.zk._commands.streams import Failure
from zc.zk._rendering import keeper
from zc.zk._rendering.keeper import Fresh
from zc.zk._rendering.source import TreeSource
from zc.zk._rendering.target import Target
from zc.zk._rendering.templates import Template
from zc.zk.tests.base import ZooKeeperCase
from zc.zk.tests.base import wait_for


TREE = '/s\n  n = 1\n  /providers\n/t\n  /providers\n'
TEXT = '''\
{% for path in ('/s/providers', '/t/providers') %}
{{ path }}:{% for each in servers(path) %} {{ each.endpoint }}{% endfor %}

{% endfor %}
{{ properties('/s').n }}
'''


class Case(ZooKeeperCase):

    tree = TREE

    def setUp(self):
        super().setUp()
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)
        self.path = self.directory / 'out'
        self.client = self.zk()
        self.told = []
        self.runs = self.directory / 'runs'

    def fresh(self, text=TEXT, check=None, **keywords):
        (self.directory / 't.j2').write_text(text)
        changed = SimpleQueue()
        source = TreeSource(self.client, changed, self.told.append)
        self.addCleanup(source.close)
        template = Template(str(self.directory / 't.j2'), {
            'servers': source.servers, 'properties': source.properties,
        }, {}, self.told.append)
        return Fresh(
            template, source, Target(str(self.path), check), changed,
            **{'command': f'echo >>{shlex.quote(str(self.runs))}',
               'quiet': 0.0, 'allow_empty': False, 'tell': self.told.append,
               **keywords})

    def count(self):
        """Return how often the command ran."""
        return len(self.runs.read_text()) if self.runs.exists() else 0


class Once(Case):

    def test_once(self):
        """It is written, and the command runs, when the text changes."""
        self.client.register('/s/providers', '1.2.3.4:80')
        self.client.register('/t/providers', 'web:80')
        fresh = self.fresh()
        self.assertEqual(0, fresh.once())
        self.assertEqual(
            '/s/providers: 1.2.3.4:80\n/t/providers: web:80\n1\n',
            self.path.read_text())
        self.assertEqual((0, 1), (fresh.once(), self.count()))
        self.client.properties('/s').update(n=2)
        self.assertEqual((0, 2), (fresh.once(), self.count()))
        self.assertEqual([], self.told)

    def test_new(self):
        """A file that was not there may have no servers."""
        self.assertEqual(0, self.fresh().once())
        self.assertEqual(
            '/s/providers:\n/t/providers:\n1\n', self.path.read_text())

    def test_empty(self):
        """A service that is empty keeps the old file, unless that is
        allowed; a service that was empty before does not.
        """
        self.client.register('/s/providers', '1.2.3.4:80')
        fresh = self.fresh()
        fresh.once()
        before = self.path.read_text()
        self.client.unregister('/s/providers', '1.2.3.4:80')
        self.assertEqual([1, 1], [fresh.once(), fresh.once()])
        self.assertEqual([
            f'{self.path} stays as it is, since there are no servers any '
            'more in /s/providers; see --allow-empty'], self.told)
        self.assertEqual((before, 1), (self.path.read_text(), self.count()))
        self.client.register('/s/providers', '1.2.3.4:81')
        self.assertEqual(0, fresh.once())
        self.assertIn('/s/providers: 1.2.3.4:81\n', self.path.read_text())
        self.client.unregister('/s/providers', '1.2.3.4:81')
        self.assertEqual(0, self.fresh(allow_empty=True).once())
        self.assertIn('/s/providers:\n', self.path.read_text())

    def test_empty_at_first(self):
        """What is in a file that another process wrote is not known: it is
        kept too.
        """
        self.path.write_text('old')
        self.assertEqual(1, self.fresh().once())
        self.assertEqual('old', self.path.read_text())
        self.assertIn('in /s/providers, /t/providers;', self.told[0])

    def test_command(self):
        """A command that fails is named with its status."""
        fresh = self.fresh(command='exit 7')
        self.assertEqual(2, fresh.once())
        self.assertEqual(['the command ended with 7: exit 7'], self.told)

    def test_faults(self):
        """Without a good text, the old file stays."""
        self.path.write_text('old')
        for fresh in (self.fresh("{{ properties('/none') }}"),
                      self.fresh('x', check='false')):
            with self.assertRaises(Failure):
                fresh.once()
        self.assertEqual(('old', 0), (self.path.read_text(), self.count()))


class Keeps(Case):

    def keep(self, *args, **keywords):
        fresh = self.fresh(*args, **keywords)
        thread = threading.Thread(target=fresh.keep)
        thread.start()

        def end():
            fresh.stop()
            thread.join(60)
            self.assertFalse(thread.is_alive())

        self.addCleanup(end)
        self.end = end
        return fresh

    def becomes(self, text):
        wait_for(lambda: self.path.exists() and (
            self.path.read_text() == text), text)

    def test_fresh(self):
        """It follows servers and properties."""
        self.keep()
        self.becomes('/s/providers:\n/t/providers:\n1\n')
        self.client.register('/s/providers', '1.2.3.4:80')
        self.becomes('/s/providers: 1.2.3.4:80\n/t/providers:\n1\n')
        self.client.properties('/s').update(n=5)
        self.becomes('/s/providers: 1.2.3.4:80\n/t/providers:\n5\n')
        wait_for(lambda: self.count() == 3)
        self.client.unregister('/s/providers', '1.2.3.4:80')
        wait_for(lambda: self.told)
        self.end()
        self.assertEqual(
            '/s/providers: 1.2.3.4:80\n/t/providers:\n5\n',
            self.path.read_text())
        self.assertEqual(3, self.count())

    def test_quiet(self):
        """What changes soon after is written together, when it is time."""
        waits = []
        fresh = self.fresh(quiet=60.0)
        real = Fresh._rest
        moment = threading.Event()

        def rest(self, seconds):
            waits.append(seconds)
            moment.wait(60)
            real(self, 0.0)

        patch = unittest.mock.patch.object(Fresh, '_rest', rest)
        patch.start()
        self.addCleanup(patch.stop)
        thread = threading.Thread(target=fresh.keep)
        thread.start()
        self.addCleanup(thread.join, 60)
        self.addCleanup(moment.set)
        self.addCleanup(fresh.stop)
        wait_for(lambda: waits)
        self.assertTrue(0 < waits[0] <= 60.0)
        for number in range(5):
            self.client.properties('/s').update(n=number)
        self.assertEqual(1, self.count())
        moment.set()
        wait_for(lambda: self.count() == 2)
        self.assertTrue(self.path.read_text().endswith('\n4\n'))

    def test_missing(self):
        """A node that is not there yet is waited for, and named once."""
        with unittest.mock.patch.object(keeper, 'RETRY_SECONDS', 0.01):
            self.keep("{{ properties('/none').x }}")
            wait_for(lambda: self.told)
            self.client.import_tree('/none\n  x = 3\n', trim=False)
            self.becomes('3')
        self.assertEqual(
            [f'{self.directory.resolve()}/t.j2:1: there is no node /none'],
            self.told)

    def test_gone(self):
        """A node that goes keeps the old text until it comes back."""
        self.keep("{{ properties('/s').n }}")
        self.becomes('1')
        self.client.delete_recursive('/s')
        wait_for(lambda: self.told)
        self.client.import_tree('/s\n  n = 8\n', trim=False)
        self.becomes('8')

    def test_check(self):
        """A text that the check refuses is passed over."""
        self.keep("{{ properties('/s').n }}", check='! grep -q 13 {}')
        self.becomes('1')
        self.client.properties('/s').update(n=13)
        wait_for(lambda: self.told)
        self.client.properties('/s').update(n=14)
        self.becomes('14')
