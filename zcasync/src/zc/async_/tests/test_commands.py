import contextlib
import datetime
import io
import json
import os
import signal
import subprocess
import sys
import textwrap
import unittest.mock

import transaction
import ZODB

from zc.async_ import testing
from zc.async_._commands import database as commands_database
from zc.async_._commands import main
from zc.async_._commands import zopeconf
from zc.async_.agent import Agent
from zc.async_.interfaces import KEY
from zc.async_.interfaces import DatabaseOpened
from zc.async_.job import Job
from zc.async_.queue import Queue
from zc.async_.subscribers import multidb_queue_installer
from zc.async_.tests import base
from zc.async_.tests import sample
from zc.async_.tests.processes import Process
from zc.async_.tests.processes import free_port


CONF = """
<zodb>
  <filestorage>
    path {directory}/data.fs
  </filestorage>
</zodb>
"""


class CommandCase(base.QueueCase):

    def run_command(self, *words, database='data.fs'):
        """Run a command; return its status and what it printed."""
        transaction.commit()
        # A file storage is open once.
        self.connection.close()
        self.db.close()
        out, err = io.StringIO(), io.StringIO()
        try:
            with contextlib.redirect_stdout(out), \
                    contextlib.redirect_stderr(err):
                status = main(['-d', self.path(database), *words]
                              if database else [*words])
        finally:
            self.db = self.open_database()
            self.connection = self.db.open()
            self.root = self.connection.root()
            self.queue = self.root[KEY]['']
        return status, out.getvalue() + err.getvalue()

    def write(self, name, text):
        """Write a file; return its path."""
        with open(self.path(name), 'w') as stream:
            stream.write(textwrap.dedent(text).format(
                directory=self.directory))
        return self.path(name)

    def json(self, *words, **options):
        status, text = self.run_command('--json', *words, **options)
        self.assertEqual(0, status, text)
        return json.loads(text)

    def dead(self):
        job = self.queue.put(sample.fail)
        transaction.commit()
        self.queue.remove(job)
        transaction.commit()
        with self.assertLogs('zc.async.events'):
            job()
        self.queue.ended(job)
        job.parent = self.queue.dead
        transaction.commit()
        return int.from_bytes(job._p_oid, 'big')

    def waiting(self, **options):
        job = self.put(Job(sample.note, 'x'), **options)
        return int.from_bytes(job._p_oid, 'big')


class Looks(CommandCase):

    def test_status(self):
        """status sums up."""
        self.waiting()
        self.dead()
        self.assertEqual(
            {'queues': 1, 'waiting': 1, 'running': 0, 'suspended': 0,
             'dead': 1, 'active dispatchers': 0}, self.json('status'))
        self.assertIn('waiting: 1\n', self.run_command('status')[1])

    def test_queues(self):
        """queues tells of each queue and its dispatchers."""
        self.root[KEY]['other'] = Queue()
        self.queue.quotas.create('printer', 2)
        agents = self.queue.dispatchers.register(base.uuid.UUID(int=1))
        agents.activate('here', 7)
        found = self.json('queues')
        self.assertEqual({'', 'other'}, set(found))
        [info] = found['']['dispatchers'].values()
        self.assertEqual(('here', 7), (info['host'], info['pid']))
        self.assertEqual({'printer': {'size': 2, 'jobs': 0}},
                         found['']['quotas'])
        self.assertEqual({'other'}, set(
            self.json('queues', '--queue', 'other')))
        self.assertIn("'':\n  waiting: 0", self.run_command('queues')[1])

    def test_jobs(self):
        """jobs lists jobs by state."""
        waiting, dead = self.waiting(), self.dead()
        self.assertEqual([waiting, dead],
                         [job['id'] for job in self.json('jobs')])
        [job] = self.json('jobs', '--state', 'dead')
        self.assertEqual('builtins.ValueError: failed', job['error'])
        self.assertEqual([], self.json('jobs', '--state', 'completed'))
        self.assertEqual(1, len(self.json('jobs', '--limit', '1')))
        self.assertIn('status: Pending', self.run_command('jobs')[1])

    def test_job(self):
        """job tells all, and prints nothing that could harm a terminal."""
        dead = self.dead()
        found = self.json('job', str(dead))
        self.assertIn('ValueError: failed', found['traceback'])
        waiting = self.put(Job(sample.note, '\x1b[2J'))
        waiting.annotations['a'] = '\x1b'
        number = int.from_bytes(waiting._p_oid, 'big')
        status, text = self.run_command('job', str(number))
        self.assertNotIn('\x1b', text)
        self.assertIn('annotations:', text)
        self.assertIn('traceback: |\n    Traceback',
                      self.run_command('job', str(dead))[1])

    def test_no_job(self):
        """A number that is no job is refused."""
        for word in '0', '999999', 'x', '9' * 40, '1:nowhere':
            status, text = self.run_command('job', word)
            self.assertEqual(1, status)
            self.assertRegex(text, 'zcasync: (There is no job|.* no number)')

    def test_watch(self):
        """watch shows queues, and the progress of what runs."""
        agents = self.queue.dispatchers.register(base.uuid.UUID(int=1))
        agents.activate()
        agents['main'] = Agent()
        jobs = [self.queue.put(sample.note) for _ in range(3)]
        agents['main'].claim_started(3)
        transaction.commit()
        self.queue.live.of(jobs[0]).progress = 5, 10, 'half'
        self.queue.live.of(jobs[1]).progress = 5, None, 'some'
        status, text = self.run_command(
            'watch', '--count', '2', '--interval', '0')
        self.assertEqual(2, text.count('3 running'))
        self.assertIn('[##########..........]  50% half', text)
        self.assertIn('5 some', text)
        found = self.json('watch', '--count', '1')['']
        self.assertEqual((3, 3), (found['running'], len(found['jobs'])))
        self.assertEqual([5, 10, 'half'], [
            job['progress'] for job in found['jobs']
            if job['id'] == int.from_bytes(jobs[0]._p_oid, 'big')][0])


    def test_in_use(self):
        """A file that a process writes to can be looked at."""
        waiting = self.waiting()
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            self.assertEqual(0, main(
                ['-d', self.path('data.fs'), '--json', 'jobs']))
        self.assertEqual([waiting],
                         [job['id'] for job in json.loads(out.getvalue())])

    def test_watch_in_use(self):
        """watch sees what a process writes to a file meanwhile."""
        class Out(io.StringIO):
            def write(out, text):
                if 'waiting' in text and not len(self.queue):
                    self.waiting()
                return super().write(text)
        out = Out()
        with contextlib.redirect_stdout(out):
            main(['-d', self.path('data.fs'), 'watch', '--count', '2',
                  '--interval', '0'])
        first, second = out.getvalue().splitlines()
        self.assertIn('0 waiting', first)
        self.assertIn('1 waiting', second)

    def test_options_after(self):
        """--json and --database may stand after the command."""
        self.waiting()
        transaction.commit()
        for words in (['status', '--json', '-d', self.path('data.fs')],
                      ['--json', 'status', '-d', self.path('data.fs')],
                      ['-d', self.path('data.fs'), 'status', '--json']):
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                self.assertEqual(0, main(words))
            self.assertEqual(1, json.loads(out.getvalue())['waiting'])

    def test_numbers(self):
        """Numbers that mean nothing are refused."""
        for words, text in [
                (['jobs', '--limit', '0'], "invalid number from 1 value: '0'"),
                (['watch', '--count', '-1'], 'number from 1'),
                (['watch', '--interval', 'nan'], 'number of seconds'),
                (['watch', '--interval', '-1'], 'number of seconds')]:
            err = io.StringIO()
            with contextlib.redirect_stderr(err), \
                    self.assertRaises(SystemExit):
                main(words)
            self.assertIn(text, err.getvalue())

    def test_no_uuid(self):
        """A command makes no file for a UUID where it is given."""
        transaction.commit()
        self.connection.close()
        self.db.close()
        environment = {**os.environ}
        del environment['ZC_ASYNC_UUID']
        os.mkdir(self.path('here'))
        for words in ['status'], ['put', 'operator:mul', '6', '7']:
            done = subprocess.run(
                [sys.executable, '-c',
                 'import sys; from zc.async_._commands import main; '
                 'sys.exit(main())', '-d', '../data.fs', *words],
                cwd=self.path('here'), env=environment,
                capture_output=True)
            self.assertEqual((0, b''), (done.returncode, done.stderr))
        self.assertEqual([], os.listdir(self.path('here')))
        self.db = self.open_database()
        self.connection = self.db.open()
        [job] = self.connection.root()[KEY]['']
        self.assertIsNone(job.assignerUUID)

    def test_reader_gone(self):
        """Whoever reads the output may stop to read."""
        jobs = [self.put(Job(sample.note, 'x' * 1000)) for _ in range(90)]
        self.assertEqual(90, len(jobs))
        process = subprocess.Popen(
            [sys.executable, '-c',
             'import sys; from zc.async_._commands import main; '
             'sys.exit(main())', '-d', self.path('data.fs'), 'jobs'],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(process.kill)
        process.stdout.close()
        with process.stderr:
            self.assertEqual(b'', process.stderr.read())
        self.assertEqual(1, process.wait(base.SECONDS))


class Changes(CommandCase):

    def test_retry(self):
        """retry puts a dead job again."""
        dead = self.dead()
        self.json('retry', str(dead))
        self.assertEqual(1, len(self.queue))
        self.assertEqual(0, len(self.queue.dead))
        status, text = self.run_command('retry', str(dead))
        self.assertEqual((1, f'zcasync: The job {dead} is not dead.\n'),
                         (status, text))

    def test_cancel(self):
        """cancel cancels."""
        waiting = self.waiting()
        self.json('cancel', str(waiting))
        self.assertTrue(self.queue[0].cancel_requested)
        status, text = self.run_command('cancel', str(self.dead()))
        self.assertIn('neither waits nor runs', text)

    def test_put(self):
        """put puts a job; arguments are JSON or texts."""
        self.json('put', 'operator:mul', '21', '[2]', 'x y',
                  '--priority', '3')
        [job] = self.queue
        self.assertEqual([21, [2], 'x y'], job.args)
        self.assertEqual(3, job.priority)
        for word, text in [('operator', 'write MODULE:FUNCTION'),
                           ('operator:no', "no attribute 'no'"),
                           ('nosuch:x', "No module named 'nosuch'"),
                           ('sys:path', 'sys:path is not callable'),
                           ('os:environ.get', 'cannot be stored')]:
            status, printed = self.run_command('put', word)
            self.assertEqual(1, status)
            self.assertIn(text, printed)

    def test_retry_not_here(self):
        """A job whose function is not there cannot be put again."""
        dead = self.dead()
        self.addCleanup(setattr, sample, 'fail', sample.fail)
        del sample.fail
        status, printed = self.run_command('retry', str(dead))
        self.assertEqual(1, status)
        self.assertIn('cannot be stored', printed)
        self.assertEqual(1, len(self.queue.dead))

    def test_in_use(self):
        """A file that a process writes to is left alone."""
        dead = self.dead()
        err = io.StringIO()
        with contextlib.redirect_stderr(err):
            self.assertEqual(1, main(
                ['-d', self.path('data.fs'), 'retry', str(dead)]))
        self.assertRegex(err.getvalue(), 'Another process has .*data.fs open')


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
