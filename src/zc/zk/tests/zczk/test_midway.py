"""Ctrl-C while a command is at work on a large tree."""
from __future__ import annotations

import os
import queue
import signal
import unittest
from typing import NamedTuple

from zc.zk.testing import Server
from zc.zk.testing.protocol.codes import OpCode
from zc.zk.tests.base import DEADLINE
from zc.zk.tests.zczk import spawner
from zc.zk.tests.zczk.zczkcase import WordsCase


#: Larger than one request takes, for reads and for writes.
TREE = '/big\n' + ''.join(
    f'  /s{service}\n' + ''.join(
        f'    /c{node}\n      a = {node}\n' for node in range(600))
    for service in range(2))
TOLD = (r'interrupted: (\d+ nodes were written or deleted, perhaps more|'
        r'perhaps some nodes were written or deleted)')


class Row(NamedTuple):
    """How a command is called, and which of its requests Ctrl-C precedes.

    :ivar opcode: of that request; None: of any that writes
    :ivar which: it is the first, second, ... of its kind
    :ivar says: what the command says, as a regular expression
    """

    words: str
    opcode: int | None = OpCode.MULTI_READ
    which: int = 2
    says: str = 'interrupted'


#: In this order: what is written by one is there for the next.
ROWS = [
    Row('export -o {new} /big'),
    Row('export --json /big'),
    Row('find /big'),
    Row('grep 7 /big'),
    Row('du /big'),
    Row('graph /big'),
    Row('diff {other}'),
    Row('plan -o {new} {other}'),
    Row('doctor --no-probe --no-write --watch 0.01 /big'),
    Row('render --once {template} {new}', OpCode.GET_DATA, 1),
    Row('watch /big'),
    Row('wait /big --count 5000 --timeout 60', OpCode.GET_DATA),
    Row('mirror /big --to {server}/other -o {new}'),
    Row('mirror /big --to {server}/other --apply', None, says=TOLD),
    Row('apply {plan}', None, says=TOLD),
    Row('import {tree}', None,
        says=f'{TOLD}; the same import completes it'),
    Row('cp /big /copy', None, says=TOLD),
    Row('mv /big /moved', None, 4, says=TOLD),
    Row('rm --yes /copy', None, 1,
        says='interrupted: perhaps some nodes were deleted'),
]


class Midway(WordsCase, unittest.TestCase):

    def setUp(self):
        super().setUp()
        self.server = Server().start()
        self.addCleanup(self.server.stop)
        self.spawner = spawner.Spawner(self.directory)
        self.addCleanup(self.spawner.close)
        self.files = {
            'server': self.server.connection_string,
            'new': str(self.directory / 'new'),
            'plan': str(self.directory / 'plan'),
            'tree': self.file(TREE + '/other\n', 'tree'),
            'other': self.file(TREE.replace('a =', 'b ='), 'other'),
            'template': self.file(
                "{{ properties('/big')|length }}\n", 'template')}
        for words in [('import', '{tree}'),
                      ('plan', '-o', '{plan}', '{other}')]:
            self.assertEqual((0, ''), self.call(*words)[::2])

    def call(self, *words, **keywords):
        return self.spawner.call(
            ['-z', self.server.connection_string,
             *[word.format(**self.files) for word in words]], **keywords)

    def interrupted(self, row):
        """Return how a call ends that Ctrl-C meets in the middle."""
        pids = queue.Queue()
        left = row.which

        def hit(database):
            nonlocal left
            left -= 1
            if left:
                self.server.before(row.opcode, None, hit)
            else:
                # Its main thread waits for the reply to this, or soon will.
                os.kill(pids.get(timeout=DEADLINE), signal.SIGINT)

        self.server.before(row.opcode, None, hit)
        return self.call(*row.words.split(), begun=pids.put)

    def test_midway(self):
        """It ends a command in one clear line, and leaves no file behind."""
        before = sorted(os.listdir(self.directory))
        for row in ROWS:
            with self.subTest(row.words):
                status, _, error = self.interrupted(row)
                self.assertEqual(130, status, error[-300:])
                self.assertNotIn('Traceback', error)
                self.assertNotIn('Exception ignored', error)
                self.assertEqual(1, error.count('zczk '), error[-300:])
                self.assertRegex(
                    error, rf'(\A|\n)zczk {row.words.split()[0]}: '
                    rf'{row.says}\n\Z')
                self.assertEqual(before, sorted(os.listdir(self.directory)))
