import contextlib
import io
import json
import os
import subprocess
import sys

import transaction

from zc.async_._commands import main
from zc.async_.agent import Agent
from zc.async_.interfaces import KEY
from zc.async_.job import Job
from zc.async_.queue import Queue
from zc.async_.tests import base
from zc.async_.tests import sample
from zc.async_.tests.commandcase import CommandCase


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
