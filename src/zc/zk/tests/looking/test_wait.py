"""Tests of wait: until something is so."""
from __future__ import annotations

import threading

from zc.zk.tests.zczk.zczkcase import ZczkCase


class Wait(ZczkCase):

    def setUp(self):
        super().setUp()
        self.make('/s\n  v = 1\n  /p\n')

    def waits(self, *words, then, lack):
        """Return the status of a wait; it is over only after a change."""
        found = []
        thread = threading.Thread(
            target=lambda: found.append(self.zczk('wait', *words)[0]))
        before = self.zczk('wait', *words, '--timeout', '0.2')
        self.assertEqual(
            (1, '', f'zczk wait: not after 0.2 seconds: {lack}\n'), before)
        thread.start()
        then()
        thread.join(60)
        return found

    def test_count(self):
        """Until so many are below."""
        zk = self.zk()
        self.assertEqual([0], self.waits(
            '/s/p', '--count', '1', lack='0 nodes directly below /s/p, not 1',
            then=lambda: zk.register('/s/p', '1.2.3.4:80')))

    def test_gone(self):
        """Until one is gone."""
        zk = self.zk()
        zk.create('/s/p/x', b'')
        self.assertEqual([0], self.waits(
            '/s/p', '--gone', 'x', lack='/s/p/x is there',
            then=lambda: zk.delete('/s/p/x')))

    def test_property(self):
        """Until a property has a value."""
        zk = self.zk()
        self.assertEqual([0], self.waits(
            '/s', '--property', 'v=2', lack='v of /s is 1',
            then=lambda: zk.properties('/s').update(v=2)))

    def test_there(self):
        """Until a node is there, and what leads to it."""
        zk = self.zk()
        self.assertEqual([0], self.waits(
            '/new/sub', lack='there is no node /new/sub',
            then=lambda: zk.import_tree('/new\n  /sub\n')))
        self.assertEqual([0], self.waits(
            '/s/link', lack='there is no node /s/link',
            then=lambda: zk.properties('/s').update(
                {'link ->': '/new'})))

    def test_now(self):
        """What is so already takes no time."""
        self.assertEqual([], self.lines(
            'wait', '/s', '--gone', 'q', '--count', '1',
            '--property', 'v=1'))

    def test_usage(self):
        """What cannot be waited for is named."""
        for words, said in [
                ([], 'one PATH is needed'),
                (['/s', '--count', 'x'], 'number of nodes'),
                (['/s', '--property', 'x'], 'NAME=VALUE is needed')]:
            status, _, error = self.zczk('wait', *words)
            self.assertEqual(2, status)
            self.assertIn(said, error)
