"""Connection strings, and what of them is shown."""
from __future__ import annotations

import unittest

from zc.zk._session import servers
from zc.zk.errors import FailedConnect


class CheckTests(unittest.TestCase):

    def refused(self, text: str) -> str:
        with self.assertRaises(FailedConnect) as caught:
            servers.check(text)
        self.assertNotIn('pw', repr(caught.exception))
        self.assertNotIn('alice', repr(caught.exception))
        return str(caught.exception)

    def test_accepted(self) -> None:
        """Servers, and a chroot that may have any characters."""
        for text in ('h', 'h:1', 'h:1,g:2/web', 'h:1, g:2', '[::1]:1',
                     'h:1/a@b', 'h:1/a?b', 'h:1/a#b'):
            with self.subTest(text):
                servers.check(text)

    def test_credentials(self) -> None:
        """kazoo would connect without them: refused, and not shown."""
        for text in ('alice:pw@h:1', 'h:1,alice:pw@h:2', 'alice:p@pw@h:1',
                     'alice:p/pw@h:1', 'alice:p,pw@h:1', 'alice:1/pw@h:1x',
                     'zk://alice:pw@h:1', 'zk://alice:pw@h/web'):
            with self.subTest(text):
                if text != 'alice:1/pw@h:1x':
                    self.assertIn('/CHROOT] is needed', self.refused(text))
                self.assertEqual(
                    '...@' + text.rpartition('@')[2], servers.shown(text))
        self.assertEqual(
            "can't connect to ZooKeeper at '...@h:1': HOST:PORT[,HOST:PORT"
            '...][/CHROOT] is needed; credentials go into auth_data or '
            'sasl_options', self.refused('alice:pw@h:1'))

    def test_options(self) -> None:
        """Nor does it know options."""
        for text in ('h:1?x=y', 'h:1#x', 'h?timeout=3/web'):
            with self.subTest(text):
                self.assertIn('no options', self.refused(text))

    def test_shown(self) -> None:
        """What holds no credentials is shown as it is."""
        for text in ('h:1', 'h:1/web', 'h:1/a@b', ''):
            self.assertEqual(text, servers.shown(text))
