"""The databases that zcasync opens, and a dispatcher that it runs."""
import datetime
import signal
import unittest.mock

import ZODB

from zc.async_ import testing
from zc.async_._commands import database as commands_database
from zc.async_._commands import zopeconf
from zc.async_.interfaces import DatabaseOpened
from zc.async_.subscribers import multidb_queue_installer
from zc.async_.tests.commandcase import CommandCase
from zc.async_.tests.processes import Process
from zc.async_.tests.processes import free_port


CONF = """
<zodb>
  <filestorage>
    path {directory}/data.fs
  </filestorage>
</zodb>
"""


class Databases(CommandCase):

    def test_conf(self):
        """A zope.conf names the database."""
        self.waiting()
        self.write('zope.conf', CONF)
        self.assertEqual(
            1, self.json('status', database='zope.conf')['waiting'])

    def test_create(self):
        """A zope.conf that says "create true" does not empty the file."""
        self.waiting()
        self.write('zope.conf', """
            <zodb>
              <demostorage>
                <filestorage base>
                  path {directory}/data.fs
                  create true
                </filestorage>
                <mappingstorage changes/>
              </demostorage>
            </zodb>
            <zodb other>
              <filestorage>
                path {directory}/other.fs
                create true
              </filestorage>
            </zodb>
            """)
        with ZODB.DB(self.path('other.fs')).transaction() as connection:
            connection.root()['kept'] = True
            connection.onCloseCallback(connection.db().close)
        self.assertEqual(
            1, self.json('status', database='zope.conf')['waiting'])
        db = ZODB.DB(self.path('other.fs'))
        self.addCleanup(db.close)
        with db.transaction() as connection:
            self.assertTrue(connection.root()['kept'])

    def test_broken_conf(self):
        """A file that is no zope.conf is refused, and a conf without file.
        """
        self.write('no.conf', 'what <is> this')
        for words in (['-d', self.path('no.conf'), 'status'],
                      ['run', self.path('no.conf')],
                      ['run', self.path('nothing.conf')]):
            status, printed = self.run_command(*words, database=None)
            self.assertEqual(1, status)
            self.assertRegex(printed, r'^zcasync: .*\.conf: .')

    def test_half(self):
        """A database whose queues are in another one is not enough."""
        databases = {}
        main = ZODB.DB(self.path('main.fs'), databases=databases,
                       database_name='main')
        other = ZODB.DB(self.path('other.fs'), databases=databases,
                        database_name='async')
        multidb_queue_installer(DatabaseOpened(main))
        main.close()
        other.close()
        status, printed = self.run_command('status', database='main.fs')
        self.assertEqual(1, status)
        self.assertIn('main.fs: its queues are in another database', printed)

    def test_extras(self):
        """If something is not installed, the extra that has it is named."""
        for module, words, extra in [
                ('ZEO', ['-d', 'zeo://localhost:1', 'status'], 'zeo'),
                ('zc.zk', ['run', self.write('zope.conf', CONF + """
                    <product-config zc.z3monitor>
                      port 127.0.0.1:0
                    </product-config>""")], 'monitor')]:
            with self.subTest(module):
                process = Process(
                    extra, self.directory, '-c',
                    'import importlib.abc, sys\n'
                    'class Finder(importlib.abc.MetaPathFinder):\n'
                    '    def find_spec(self, name, path, target=None):\n'
                    f'        if name == {module!r}:\n'
                    '            raise ModuleNotFoundError('
                    'f"No module named {name!r}", name=name)\n'
                    'sys.meta_path.insert(0, Finder())\n'
                    'from zc.async_._commands import main\n'
                    'sys.exit(main())', *words)
                self.addCleanup(process.kill)
                self.connection.close()
                self.db.close()
                self.assertEqual(1, process.process.wait(60))
                self.assertIn(f'Install zc.async[{extra}].',
                              process.output())

    def test_no_server(self):
        """A ZEO server that does not answer is named."""
        database = f'zeo://127.0.0.1:{free_port()}'
        with unittest.mock.patch.object(commands_database, 'SERVER', 0.2):
            status, printed = self.run_command(
                '-d', database, 'status', database=None)
        self.assertEqual(1, status)
        self.assertIn(f'zcasync: {database}: ', printed)

    def test_missing(self):
        """What is wrong is said in a sentence."""
        for database, text in [
                ('nothing', 'There is no file'),
                (None, 'Name the database, by --database')]:
            status, printed = self.run_command('status', database=database)
            self.assertEqual(1, status)
            self.assertIn(text, printed)
        status, printed = self.run_command(
            '-d', 'zeo://nowhere', 'status')
        self.assertIn('write zeo://HOST:PORT', printed)
        self.assertIn("no queue 'x'", self.run_command(
            'queues', '--queue', 'x')[1])

    def test_python2(self):
        """A database of Python 2 is refused, with what to do."""
        with open(self.path('old.fs'), 'wb') as stream:
            stream.write(b'FS21' + b'\0' * 20)
        status, text = self.run_command('status', database='old.fs')
        self.assertEqual(1, status)
        self.assertIn('database of Python 2', text)
        self.assertIn('zodbupdate --convert-py3', text)
        conf = self.write('old.conf', CONF.replace('data.fs', 'old.fs'))
        for words in ['-d', conf, 'status'], ['run', conf]:
            status, text = self.run_command(*words, database=None)
            self.assertEqual(1, status)
            self.assertRegex(text, 'zcasync: .*old.fs is a database of Py')

    def test_no_queues(self):
        """A database without queues has none to show."""
        db = ZODB.DB(self.path('empty.fs'))
        db.close()
        self.assertIn('has no queues',
                      self.run_command('status', database='empty.fs')[1])

    def test_same_name(self):
        """Two databases of one name are refused."""
        self.write('zope.conf', """
            <zodb a>
              <mappingstorage/>
            </zodb>
            <zodb b>
              <mappingstorage/>
            </zodb>
            """)
        config = zopeconf.read(self.path('zope.conf'))
        config.databases[1].name = 'a'
        with self.assertRaisesRegex(ValueError, "have the name 'a'"):
            zopeconf.open_databases(config)


class Run(CommandCase):

    def start(self, conf):
        self.connection.close()
        self.db.close()
        # A coverage measurement has a handler of its own for SIGTERM,
        # which would end the process by the signal after ours.
        process = Process(
            'run', self.directory, '-c',
            'import signal, sys; from zc.async_._commands import main; '
            'signal.signal(signal.SIGTERM, signal.SIG_DFL); '
            'sys.exit(main())', 'run', conf)
        self.addCleanup(process.kill)
        return process

    def wait(self, process, text):
        testing.wait_until(
            lambda: text in process.output(), process.output(), 60)

    def ends(self, process):
        process.send(signal.SIGTERM)
        self.assertEqual(0, process.process.wait(60), process.output())

    def test_defaults(self):
        """Without a site.zcml, everything has its default."""
        job = self.waiting()
        process = self.start(self.write('zope.conf', CONF + """
            <eventlog>
              <logfile>
                path STDOUT
              </logfile>
            </eventlog>
            <logger>
              name zc.async.trace
              level info
            </logger>
            """))
        self.wait(process, 'succeeded with result')
        self.ends(process)
        db = self.open_database()
        self.addCleanup(db.close)
        with db.transaction() as connection:
            found = connection.get(job.to_bytes(8, 'big'))
            self.assertEqual(('x',), found.result)
            self.assertLess(found.active_start, datetime.datetime.now(
                datetime.timezone.utc))

    def test_site(self):
        """A site.zcml says what is started; the monitor is, too."""
        self.write('site.zcml', """
            <configure xmlns="http://namespaces.zope.org/zope">
              <include package="zc.async" file="monitor.zcml" />
              <include package="zc.async"
                       file="basic_dispatcher_policy.zcml" />
              <adapter factory="zc.async_.connection" />
            </configure>
            """)
        process = self.start(self.write('zope.conf', CONF + """
            site-definition {directory}/site.zcml
            devmode on
            <product-config zc.z3monitor>
              port 127.0.0.1:0
            </product-config>
            <eventlog>
              <logfile>
                path STDOUT
              </logfile>
            </eventlog>
            """))
        self.wait(process, 'monitor server at')
        self.wait(process, "agent 'main' added")
        self.ends(process)

    def test_no_dispatcher(self):
        """One that starts no dispatcher is refused."""
        self.write('site.zcml', """
            <configure xmlns="http://namespaces.zope.org/zope">
              <include package="zc.async" />
            </configure>
            """)
        process = self.start(self.write('zope.conf', CONF + """
            site-definition {directory}/site.zcml
            """))
        self.assertEqual(1, process.process.wait(60))
        self.assertIn('starts no dispatcher', process.output())
