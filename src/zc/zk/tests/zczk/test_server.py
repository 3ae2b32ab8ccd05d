"""Tests of server: a ZooKeeper for a desk, by zczk."""
from __future__ import annotations

import signal
import subprocess
import sys

import zc.zk
from zc.zk.tests.zczk.zczkcase import WordsCase


class Desk(WordsCase):

    def test_serves(self):
        """It says its address, serves a tree, and ends with a signal."""
        process = subprocess.Popen(
            [sys.executable, '-c', 'from zc.zk._zczk import main; main()',
             'server', '--port', '0', '--tree',
             self.file('/a\n  x = 1\n')],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        assert process.stdout is not None
        process.stdout.readline()
        address = process.stdout.readline().strip()
        with zc.zk.ZooKeeper(address) as zk:
            self.assertEqual({'x': 1}, dict(zk.properties('/a')))
        process.send_signal(signal.SIGTERM)
        self.assertEqual(('', ''), process.communicate(timeout=60))
        self.assertEqual(0, process.returncode)

    def test_usage(self):
        """Its usage and its errors name it."""
        self.assertRegex(self.zczk('server', '--help')[1],
                         '^usage: zczk server ')
        self.assertIn('zczk server: ', self.zczk(
            'server', '--tick-time', '5', '--min-session-timeout', '9',
            '--max-session-timeout', '1')[2])
