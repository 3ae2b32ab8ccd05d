"""Tests of watch: what comes, goes and changes."""
from __future__ import annotations

import io
import json
import re
import signal
import subprocess
import sys
import threading
import unittest.mock

from zc.zk._looking import watch as module
from zc.zk.tests.base import DEADLINE
from zc.zk.tests.base import wait_for
from zc.zk.tests.servercase import ServerCase
from zc.zk.tests.zczk.zczkcase import AS_IN_A_TERMINAL
from zc.zk.tests.zczk.zczkcase import ZczkCase


class Errors(io.StringIO):
    """Tells when the command says that it follows."""

    def __init__(self):
        super().__init__()
        self.follows = threading.Event()

    def write(self, text):
        found = super().write(text)
        if 'following' in self.getvalue():
            self.follows.set()
        return found


class Watch(ZczkCase):

    def setUp(self):
        super().setUp()
        self.make('/s\n  v = 1\n  /p\n/l\n  s -> /s\n')

    def watches(self, *words, then):
        """Return the status, output and errors; times are left out."""
        errors = Errors()
        failed = []

        def change():
            if errors.follows.wait(DEADLINE):
                try:
                    then(self.zk())
                except BaseException as e:
                    failed.append(e)
                    raise

        thread = threading.Thread(target=change)
        thread.start()
        status, out, error = self.zczk('watch', *words, err=errors)
        thread.join(60)
        self.assertEqual([], failed)
        out = re.sub(r'^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[+-]\d\d:\d\d ', '',
                     out, flags=re.MULTILINE)
        return status, out.splitlines(), error

    def test_lines(self):
        """A line for each that comes, goes or changes."""
        def then(zk):
            zk.create('/s/p/1.2.3.4:80', b'{"pid":7,"tags":["x"]}')
            zk.create('/t', b'')
            zk.set('/s', b'{"v":2,"w":"new"}')
            zk.set('/s', b'{"w":"new"}')
            zk.set('/s', b'{"w":"new"}')
            zk.delete('/s/p/1.2.3.4:80')

        self.assertEqual((0, [
            'came    /s/p/1.2.3.4:80: pid = 7, tags = ["x"]',
            'changed /s: v = 2 (was 1), w = new',
            'changed /s: no v (was 2)',
            'changed /s: nothing is different',
            'went    /s/p/1.2.3.4:80',
        ], 'zczk watch: following /s, 2 nodes\n'),
            self.watches('/s', '-n', '5', then=self.stepwise(then)))

    def stepwise(self, then):
        """Return `then` on a client whose writes are seen one by one."""
        followers = []
        real = module.BranchFollower

        def make(*args, **keywords):
            followers.append(real(*args, **keywords))
            return followers[0]

        patch = unittest.mock.patch.object(module, 'BranchFollower', make)
        patch.start()
        self.addCleanup(patch.stop)

        class Steps:

            def __init__(self, zk):
                self.zk = zk

            def __getattr__(self, name):
                def call(*args):
                    getattr(self.zk, name)(*args)
                    wait_for(lambda: followers[0].closed
                             or followers[0].settle(20))
                return call

        return lambda zk: then(Steps(zk))

    def test_json(self):
        """As JSON there is all."""
        def then(zk):
            zk.set('/s', b'{"v":2}')
            zk.create('/s/raw', b'\xff')
            zk.delete('/s/raw')

        status, lines, _ = self.watches(
            '/l/s', '--json', '--count=3', then=self.stepwise(then))
        found = [json.loads(line) for line in lines]
        self.assertTrue(all(each.pop('time') > 1e9 for each in found))
        self.assertEqual((0, [
            {'id': 1, 'what': 'changed', 'path': '/s', 'ephemeral': False,
             'properties': {'v': 2}, 'before': {'v': 1}},
            {'id': 2, 'what': 'came', 'path': '/s/raw', 'ephemeral': False,
             'properties': None},
            {'id': 3, 'what': 'went', 'path': '/s/raw', 'ephemeral': False,
             'before': None},
        ]), (status, found))

    def test_hostile(self):
        """What others wrote forges no line, and fills no screen."""
        def then(zk):
            zk.create('/s/\u202ex', b'{"a\\n":"\\u001b[31m"}')
            zk.create('/s/raw', b'\xff')
            zk.set('/s', b'{"v":"%s"}' % (b'y' * 5000))

        _, lines, _ = self.watches(
            '/s', '-n3', then=self.stepwise(then))
        self.assertEqual([
            'came    /s/\\u202ex: a\\n = \\x1b[31m',
            'came    /s/raw: data that are not text = ',
            f'changed /s: v = {"y" * 200}... (was 1)'], lines)

    def test_wrong(self):
        """What cannot be watched is named."""
        for words, says in (
                (('/none',), 'zczk watch: there is no node /none\n'),
                (('none',), "zczk watch: bad path 'none': it must start with "
                 "'/'\n")):
            with self.subTest(words):
                self.assertEqual((2, '', says), self.zczk('watch', *words))
        self.forbid('/s/p')
        self.assertEqual(
            (2, '', 'zczk watch: no permission at /s/p\n'),
            self.zczk('watch', '/s/p'))
        for count in '0', '-1', 'x':
            self.assertEqual(
                2, self.zczk('watch', f'--count={count}')[0])


class Process(ServerCase):
    """In a process of its own."""

    def start(self, *words, **keywords):
        process = subprocess.Popen(
            [sys.executable, '-c', AS_IN_A_TERMINAL,
             '-z', self.server.connection_string, 'watch', *words],
            stderr=subprocess.PIPE, text=True, **keywords)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait, 60)
        self.addCleanup(process.kill)
        self.assertEqual('zczk watch: following /, 1 nodes\n',
                         process.stderr.readline())
        return process

    def test_interrupted(self):
        """Ctrl-C ends it, with one line; before that each line shows at
        once.
        """
        process = self.start(stdout=subprocess.PIPE)
        self.addCleanup(process.stdout.close)
        self.other.create('/x', b'')
        self.assertIn('came    /x', process.stdout.readline())
        process.send_signal(signal.SIGINT)
        self.assertEqual((130, '', 'zczk watch: interrupted\n'), (
            process.wait(60), process.stdout.read(), process.stderr.read()))

    def test_reader_gone(self):
        """When nobody reads any more, it ends, although nothing happens."""
        process = self.start(stdout=subprocess.PIPE)
        process.stdout.close()
        self.assertEqual(
            (2, ''), (process.wait(60), process.stderr.read()))

    def test_outage(self):
        """What was missed without a connection is printed."""
        process = self.start('-n2', '--json', stdout=subprocess.PIPE)
        self.addCleanup(process.stdout.close)
        own = self.other.client_id[0]
        for each in self.server.sessions():
            if each.id != own:
                self.server.drop_connections(each.id)
        self.other.create('/missed', b'')
        self.other.set('/', b'x')
        self.assertEqual(['/', '/missed'], sorted(
            json.loads(line)['path'] for line in process.stdout))
        self.assertEqual(
            'zczk watch: no connection; what is missed is shown when there '
            'is one again\n', process.stderr.readline())
        self.assertEqual(0, process.wait(60))
