"""Tests of review: a plan as it is shown."""
from __future__ import annotations

from zc.zk.tests.scripted import Terminal
from zc.zk.tests.zczk.zczkcase import ZczkCase


class Review(ZczkCase):

    def test_data_without_text(self):
        """A node whose data are not text stays, and is named."""
        self.make('/a\n  /b\n')
        self.zk().create('/a/b/raw', b'\xff')
        status, out, error = self.zczk('plan', self.file('/a\n'), '-t')
        self.assertEqual((0, ''), (status, out))
        self.assertIn('/a/b/raw not deleted because text', error)

    def test_colours(self):
        """On a terminal, lines have colours."""
        out = Terminal()
        self.zczk('plan', self.file('/q\n'), out=out)
        self.assertIn('\033[32m+/q', out.getvalue())
