import datetime
import json
import uuid

import transaction

from zc.async_ import monitor
from zc.async_._rules.failure import Failure
from zc.async_.job import Job
from zc.async_.tests import base
from zc.async_.tests import sample


class Connection:

    def __init__(self):
        self.text = ''

    def write(self, text):
        self.text += text


class Commands(base.DispatcherCase):

    def ask(self, *words):
        connection = Connection()
        monitor.command(connection, *words)
        return connection.text

    def json(self, *words):
        return json.loads(self.ask(*words))

    def test_status(self):
        """status tells how the dispatcher is."""
        dispatcher = self.start()
        found = self.json('status')
        self.assertEqual('RUNNING', found['status'])
        self.assertEqual(str(dispatcher.UUID), found['uuid'])
        self.assertEqual({'seconds': 0.1}, found['poll interval'])
        self.assertEqual(found['uuid'], self.json(
            'status', f'uuid:{dispatcher.UUID}')['uuid'])

    def test_jobs(self):
        """jobs and job tell of jobs that run."""
        self.start()
        job = self.put(Job(base.wait_for_go, id(self)))
        found = self.wait(lambda: self.json('jobs'))
        self.assertEqual([[int.from_bytes(job._p_oid, 'big'),
                           self.db.database_name]], found)
        number = str(found[0][0])
        info = self.json('job', number, f'database:{found[0][1]}')
        self.assertIn('wait_for_go', info['call'])
        self.assertIsNone(info['completed'])
        self.assertEqual([], self.json('jobs', 'queue:other'))
        self.go.set()
        self.result(job)
        self.wait(lambda: self.json('job', number)['completed'])
        self.wait(lambda: self.json(
            'jobstats', 'since:1H')['successful'] == 1)

    def test_polls(self):
        """poll and polls show what polls found."""
        self.start()
        self.wait(lambda: len(self.json('polls')) == 3)
        self.assertEqual(1, len(self.json('polls', 'count:1')))
        self.assertLess(3, len(self.wait(
            lambda: self.json('polls', 'since:1H30M')[3:] and
            self.json('polls', 'since:1H30M'))))
        poll = self.json('poll')
        self.assertEqual({'', }, set(poll['results']))
        self.assertTrue(poll['time'].endswith('Z'))
        self.assertEqual(
            poll['key'], self.json('poll', f'at:{poll["key"]}')['key'])

    def test_others(self):
        """utcnow, UUID and help answer in plain text."""
        self.assertRegex(self.ask('utcnow'), r'^\d{4}-\d\d-\d\dT.*Z\n$')
        self.assertEqual(str(monitor.instanceuuid.getUUID()) + '\n',
                         self.ask('UUID'))
        for words in (), ('help',):
            self.assertIn('status -- Tell how', self.ask(*words))
        self.assertIn('async job OID', self.ask('help', 'job'))

    def test_wrong(self):
        """What is wrong with a command is said in a sentence."""
        for words, text in [
                (('nothing',), "no command 'nothing'"),
                (('help', 'nothing'), "no command 'nothing'"),
                (('job',), 'async help job'),
                (('job', 'x'), 'no number of a job'),
                (('status', 'uuid:x'), "'x' is no UUID"),
                (('status',), 'no such dispatcher'),
                (('status', 'a:b'), 'async help status'),
                (('status', 'uuid:x', 'y'), 'come last')]:
            self.assertIn(text, self.ask(*words), words)
        self.start()
        for words, text in [
                (('poll', 'at:1X'), 'neither the key'),
                (('poll', 'at:99999999999D'), 'too long ago'),
                (('polls', 'count:x'), 'no number'),
                (('poll', 'at:1'), 'no such poll'),
                (('job', '99999'), 'not known')]:
            self.assertIn(text, self.ask(*words), words)

    def test_encode(self):
        """What JSON does not have becomes a text or a list."""
        job = self.put(sample.note)
        for value, expected in [
                (datetime.timedelta(1, 3723.5), {
                    'days': 1, 'hours': 1, 'minutes': 2, 'seconds': 3.5}),
                (datetime.timedelta(0), {'seconds': 0.0}),
                (datetime.datetime(2030, 1, 1), '2030-01-01T00:00:00Z'),
                (uuid.UUID(int=1), str(uuid.UUID(int=1))),
                (sample.note, 'zc.async_.tests.sample.note'),
                (iter([1]), [1]),
                (1j, '1j')]:
            self.assertEqual(expected, json.loads(monitor.encode(value)))
        self.assertEqual(self.db.database_name,
                         json.loads(monitor.encode(job))[1])
        self.assertIn('KeyError', monitor.encode(Failure(KeyError('x'))))
        transaction.abort()

    def test_not_configured(self):
        """Without a port there is no monitor server."""
        self.assertIsNone(monitor._configured_port())
        monitor.start_configured(None)

    def test_configured(self):
        """The port may come from a zope.conf that we read ourselves."""
        monitor.configuration['zc.z3monitor'] = {'port': '8088'}
        self.addCleanup(monitor.configuration.clear)
        self.assertEqual('8088', monitor._configured_port())
