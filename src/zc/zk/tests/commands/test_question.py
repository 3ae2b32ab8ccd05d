"""Tests of _question: a plan is applied as it was shown."""
from __future__ import annotations

import contextlib
import io
from unittest import mock

from zc.zk._commands import question
from zc.zk._commands.streams import Failure
from zc.zk._tree import steps as _steps
from zc.zk.tests.scripted import ScriptMixin
from zc.zk.tests.scripted import Terminal


GONE = _steps.Remove('/a', 0, 7)


class Work:
    """Work with a given plan."""

    def __init__(self, steps):
        self.steps = steps

    def plan(self):
        return self.steps


class Question(ScriptMixin):

    def ask(self, plans, answers=None, yes=False):
        """Ask; return the plan agreed to, those shown and the questions."""
        plans = list(plans)
        shown = []
        err = Terminal()
        stdin = io.StringIO() if answers is None else Terminal(answers)
        with contextlib.redirect_stderr(err), mock.patch('sys.stdin', stdin):
            work = question.agreed(
                lambda: Work(plans.pop(0)), shown.append, yes)
        return work.steps, shown, err.getvalue()

    def test_nothing_goes(self):
        """There is no question when nothing is deleted."""
        stay = [_steps.Stay('/a', _steps.EXTRA)]
        self.assertEqual((stay, [], ''), self.ask([stay]))

    def test_yes(self):
        """Who says yes beforehand sees the plan, and is not asked."""
        self.assertEqual(([GONE], [[GONE]], ''), self.ask([[GONE]], yes=True))

    def test_same(self):
        """After a yes, the plan must still be the same."""
        steps, shown, err = self.ask([[GONE], [GONE]], 'yes\n')
        self.assertEqual(([GONE], [[GONE]]), (steps, shown))
        self.assertEqual('Delete 1 node? [y/N] ', err)

    def test_moved(self):
        """A changed version, a node made anew: the question comes again."""
        for other in (GONE._replace(version=1), GONE._replace(czxid=8),
                      GONE._replace(path='/b')):
            steps, shown, err = self.ask(
                [[GONE], [other], [other]], 'y\nY\n')
            self.assertEqual(([other], [[GONE], [other]]), (steps, shown))
            self.assertIn('The tree has changed meanwhile.\n', err)

    def test_no(self):
        """Anything but a yes is a no."""
        for answer in ('', '\n', 'n\n', 'yess\n'):
            with self.assertRaisesRegex(Failure, 'nothing was done'):
                self.ask([[GONE]], answer)

    def test_nobody(self):
        """Where there is no terminal, there is no terminal to ask."""
        with self.assertRaisesRegex(Failure, 'there is no terminal to ask'):
            self.ask([[GONE]])

    def test_moved_later(self):
        """A node that stays because it changed makes the script fail."""
        question.fail_if_moved([_steps.Stay('/a', _steps.EPHEMERAL)])
        with self.assertRaisesRegex(
                Failure, '/a was not deleted: another client'):
            question.fail_if_moved([_steps.Stay('/a', _steps.GREW)])
