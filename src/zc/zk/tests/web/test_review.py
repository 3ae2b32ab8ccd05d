"""Tests of review: plans as they are shown."""
from __future__ import annotations

from zc.zk._web.review import lines_of
from zc.zk._web.review import notes_of
from zc.zk.tests.web.case import PageCase


class Reviews(PageCase):

    tree = """
/a
  greeting = 'Hello'
  password = 'sesame'
  db = {'host': 'x', 'token': 'old'}
/b
  secret = 'pssst'
"""

    def lines(self, text, trim=None):
        return lines_of(self.zk.plan(text, '/', trim))

    def test_change(self):
        """What changes is shown with a sign, without what is secret."""
        self.assertEqual([
            ' /a',
            "-  db = {'host': 'x', 'token': '(hidden)'}",
            "+  db = {'host': 'y', 'token': '(hidden, another one)'}",
            "-  greeting = 'Hello'", "+  greeting = 'Hi'",
        ], self.lines("""
/a
  greeting = 'Hi'
  password = 'sesame'
  db = {'host': 'y', 'token': 'new'}
/b
  secret = 'pssst'
"""))

    def test_other_secret(self):
        """A secret that changes is shown to do so."""
        lines = self.lines(self.tree.replace('sesame', 'open'))
        self.assertEqual([' /a', "-  password = '(hidden)'",
                          "+  password = '(hidden, another one)'"], lines)

    def test_added_and_removed(self):
        """Nodes that come and go are shown without secrets, too."""
        self.zk.import_tree('/c\n  /d\n    key = 1\n')
        text = '/c\n  /e\n    api_key = "x"\n    link -> /a\n'
        lines = self.lines(text, True)
        self.assertEqual([
            ' /c', '-  /d', "-    key = '(hidden)'",
            '+  /e', "+    api_key = '(hidden)'", '+    link -> /a'],
            lines)

    def test_notes(self):
        """It is said how much is to be done, and what stays."""
        self.assertEqual(
            {'changes': 0, 'notes': ['extra path not trimmed: /a/x']},
            notes_of(self.plan_with_extra()))

    def plan_with_extra(self):
        self.zk.create('/a/x', '')
        return self.zk.plan(self.tree)
